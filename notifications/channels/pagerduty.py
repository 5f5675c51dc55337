"""PagerDuty: events of version 2. What has resolved here resolves there.

https://developer.pagerduty.com/docs/events-api-v2-overview
"""

import re

from django import forms
from django.conf import settings

from notifications.channels import Address, HTTPChannel, Outgoing, as_json
from notifications.channels.fields import SecretField
from notifications.letters import Letter, short

SEVERITIES = {"low": "info", "medium": "warning", "high": "error", "critical": "critical"}
SUMMARY = 1024  # characters


class PagerDutyForm(forms.Form):
    key = SecretField(label="Integration key", help_text="Of an “Events API v2” integration: 32 letters and digits.")

    def clean_key(self) -> str:
        key = str(self.cleaned_data["key"]).strip()
        if not re.fullmatch(r"[0-9a-zA-Z]{32}", key):
            raise forms.ValidationError("An integration key is 32 letters and digits.")
        return key


class PagerDuty(HTTPChannel):
    kind = "pagerduty"
    label = "PagerDuty"
    help = "Opens an incident in PagerDuty, and resolves it when the rule resolves."
    icon = "e911_emergency"
    form = PagerDutyForm
    secrets = ("key",)

    def outgoing(self, letter: Letter, address: Address) -> Outgoing:
        event = {
            "event_action": "resolve" if letter.reason == "resolved" else "trigger",
            "dedup_key": short(letter.thread or letter.id, 255),
            "payload": {
                "summary": short(letter.title, SUMMARY), "source": letter.rule_name or "Smart Agent",
                "severity": SEVERITIES.get(letter.severity, "info"), "timestamp": letter.created_at.isoformat(),
                "custom_details": {"message": letter.plain, **letter.facts},
            },
            "links": [{"href": letter.url, "text": "Open in Smart Agent"}] if letter.url else [],
        }  # fmt: skip
        shown = as_json(event)
        return Outgoing(
            url=f"{settings.PAGERDUTY_URL}/v2/enqueue",
            **as_json({"routing_key": address["key"], **event}) | {"headers": shown["headers"]},
        )

    def preview(self, letter: Letter, address: Address) -> str:
        return super().preview(letter, Address({"key": "…"}))
