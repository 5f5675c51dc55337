"""PagerDuty, Events API v2. Resolved alerts are resolved there too.

https://developer.pagerduty.com/docs/events-api-v2-overview
"""

import hashlib
from typing import Any

from django import forms
from django.conf import settings
from django.core.validators import RegexValidator

from notifications.channels import Address, HTTPChannel, HTTPRequest, Receipt, as_json, facts_of, unexpected
from notifications.channels.fields import SecretField
from notifications.channels.message import OutgoingMessage
from smartagent.outbound.client import Answer

PAGERDUTY_SEVERITIES = {"low": "info", "medium": "warning", "high": "error", "critical": "critical"}
INTEGRATION_KEY = RegexValidator(r"\A[0-9a-zA-Z]{32}\Z", "An integration key is 32 letters and digits.")
SUMMARY, SAME = 1024, 255  # characters
STAYS_OPEN = "Not sent: the incident stays open, since other instances of the rule fire."


class PagerDutyForm(forms.Form):
    key = SecretField(
        label="Integration key",
        help_text="Key of an “Events API v2” integration: 32 letters and digits.",
        validators=[INTEGRATION_KEY],
    )


class PagerDuty(HTTPChannel):
    kind = "pagerduty"
    label = "PagerDuty"
    help = (
        "Opens an incident in PagerDuty and resolves it when the alert resolves; of a rule with many instances one, "
        "until none fires. A test also opens an incident."
    )
    icon = "e911_emergency"
    form = PagerDutyForm
    secrets = ("key",)

    async def send(self, message: OutgoingMessage, address: Address) -> Receipt:
        """A digest goes as the events in it: one of each incident, the newest, so that what is over is resolved. Where
        other instances of the incident fire, it stays open."""
        receipts = [await self.post(self.outgoing(event, address)) for event in newest(message)]
        return receipts[-1] if receipts else Receipt(excerpt=STAYS_OPEN)

    def outgoing(self, message: OutgoingMessage, address: Address) -> HTTPRequest:
        request = as_json({"routing_key": address["key"], **event(message)})
        return HTTPRequest(url=f"{settings.PAGERDUTY_URL}/v2/enqueue", **request)

    def preview(self, message: OutgoingMessage, address: Address) -> str:
        return super().preview(message, Address({"key": "…"}))

    def check(self, answer: Answer) -> None:
        if facts_of(answer).get("status") != "success":
            raise unexpected(answer, "PagerDuty answers “status: success” to accepted messages")

    def words(self, answer: Answer) -> str:
        facts = facts_of(answer)
        errors = facts.get("errors") if isinstance(facts.get("errors"), list) else []
        return "; ".join(str(each) for each in [facts.get("message"), *(errors or [])] if each)


def event(message: OutgoingMessage) -> dict[str, Any]:
    """The event that triggers an incident, or resolves that of the same instance. Acknowledgements are not sent."""
    same = _same(message)
    key = same if len(same) <= SAME else hashlib.sha256(same.encode()).hexdigest()
    if message.reason == "resolved":
        return {"event_action": "resolve", "dedup_key": key}
    return {
        "event_action": "trigger", "dedup_key": key,
        "payload": {
            "summary": message.heading(SUMMARY), "source": message.rule_name or "Smart Agent",
            "severity": PAGERDUTY_SEVERITIES.get(message.severity, "info"), "timestamp": message.created_at.isoformat(),
            "custom_details": {"message": message.plain, **message.facts},
        },
        "links": [{"href": message.url, "text": "Open in Smart Agent"}] if message.url else [],
    }  # fmt: skip


def newest(message: OutgoingMessage) -> list[OutgoingMessage]:
    """The message itself, or of a digest the newest message of each incident, oldest first; without what resolved while
    others of its incident fire."""
    among = sorted(message.items or (message,), key=lambda item: item.created_at)
    found = {_same(item): item for item in among if item.reason != "resolved" or not item.others_firing}
    return sorted(found.values(), key=lambda item: item.created_at)


def _same(message: OutgoingMessage) -> str:
    return message.incident or message.thread or message.id
