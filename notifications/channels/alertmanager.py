"""Prometheus Alertmanager, API version 2: alerts of ours beside those of Prometheus, resolved there when they resolve.

https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml: POST /api/v2/alerts with a list of alerts,
each with labels, which identify it, annotations, startsAt and endsAt. Alertmanager ends an alert at its endsAt, or,
without one, after its resolve_timeout of five minutes, and expects clients to send firing alerts again before that.
We send one again at the repeat interval of its rule only. So each has an endsAt ahead of it by the channel's
lifetime, a day unless it is set otherwise, which must be longer than the repeat interval; each repetition moves it
on, and resolving, where the rule notifies of that, sets it to the present.

The severity is a label, since Alertmanager routes by it, but can change while an alert is open. The same alert with
each other severity is therefore sent as resolved, which Alertmanager ignores where it knows none. A rule that has a
label `severity` of its own keeps that one.
"""

import base64
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django import forms
from unfold.widgets import UnfoldAdminIntegerFieldWidget

from notifications.channels import Address, HTTPChannel, HTTPRequest, as_json
from notifications.channels.fields import AddressField, OneLineField, SecretField
from notifications.channels.message import OutgoingMessage
from rules.engine.series_labels import labels_of
from smartagent.outbound.client import Answer

SEVERITY_LABELS = ("low", "medium", "high", "critical")
DEFAULT_LIFETIME_HOURS, MAX_LIFETIME_HOURS = 24, 31 * 24
TEST_LIFETIME = timedelta(minutes=5)
ALERTS_PATH = "/api/v2/alerts"
MAX_ANNOTATION = 4000  # characters


class AlertmanagerForm(forms.Form):
    url = AddressField(
        label="Address", placeholder="https://alertmanager.example.com",
        help_text="Where Alertmanager is, without /api/v2/alerts.",
    )  # fmt: skip
    username = OneLineField(label="User name", required=False, max_length=200, help_text="For basic authentication.")
    password = SecretField(label="Password", required=False, help_text="For basic authentication.")
    lifetime = forms.IntegerField(
        label="Lifetime in hours", required=False, min_value=1, max_value=MAX_LIFETIME_HOURS,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="After it, an alert that is not sent again ends in Alertmanager. Choose more than the repeat "
        "interval of the rules. Empty: 24.",
    )  # fmt: skip


class Alertmanager(HTTPChannel):
    kind = "alertmanager"
    label = "Alertmanager"
    help = "Posts alerts to a Prometheus Alertmanager, and resolves them there where rules notify when resolved."
    icon = "notification_multiple"
    form = AlertmanagerForm
    secrets = ("password",)
    addresses = ("url",)
    each_instance = True

    def outgoing(self, message: OutgoingMessage, address: Address) -> HTTPRequest:
        """One request for all: a digest goes as the alerts in it, each as the newest message has it."""
        lifetime = timedelta(hours=int(address["lifetime"] or DEFAULT_LIFETIME_HOURS))
        messages = sorted(message.items or (message,), key=lambda item: item.created_at)
        alerts = (alert for each in messages for alert in alerts_of(each, lifetime))
        request = as_json(list({frozenset(alert["labels"].items()): alert for alert in alerts}.values()))
        headers = dict(request["headers"])
        if address["username"] or address["password"]:
            pair = base64.b64encode(f"{address['username']}:{address['password']}".encode()).decode()
            headers["Authorization"] = f"Basic {pair}"
        url = str(address["url"]).rstrip("/").removesuffix(ALERTS_PATH) + ALERTS_PATH
        return HTTPRequest(url=url, body=request["body"], headers=headers)

    def words(self, answer: Answer) -> str:
        return " ".join(answer.body[:500].decode("utf-8", "replace").split()).strip('"')

    def where(self, address: Address) -> str:
        return str(urlsplit(str(address["url"])).netloc)


def alerts_of(message: OutgoingMessage, lifetime: timedelta) -> Iterator[dict[str, Any]]:
    """The alerts of a message: one for each instance that it names, with the other severities resolved."""
    instances = message.facts.get("instances")
    known = [each for each in instances if isinstance(each, Mapping)] if isinstance(instances, list) else []
    for facts in known or [message.facts]:
        labels = _labels(message, facts)
        own = labels.get("severity")
        for severity in (own,) if own else SEVERITY_LABELS:
            fires = message.reason != "resolved" and severity in (own, message.severity)
            yield _alert(message, facts, labels | {"severity": severity}, lifetime if fires else None)


def _alert(
    message: OutgoingMessage, facts: Mapping[str, Any], labels: dict[str, Any], lifetime: timedelta | None
) -> dict[str, Any]:
    """One alert; without a lifetime it is resolved."""
    begun = min(_time(message.facts.get("time")) or message.created_at, message.created_at)
    if message.reason in ("test", "channel") and lifetime:
        lifetime = TEST_LIFETIME
    ended = message.created_at + lifetime if lifetime else message.created_at
    annotations = {
        "summary": message.title, "description": message.plain[:MAX_ANNOTATION], "runbook_url": message.runbook_url,
        "value": facts.get("value"),
    }  # fmt: skip
    shown = {name: str(text) for name, text in annotations.items() if text not in (None, "")}
    return {
        "labels": labels, "annotations": shown,
        "startsAt": min(begun, ended - timedelta(milliseconds=1)).isoformat(), "endsAt": ended.isoformat(),
        "generatorURL": message.url,
    }  # fmt: skip


def _labels(message: OutgoingMessage, facts: Mapping[str, Any]) -> dict[str, Any]:
    """The labels of the rule and of the series; they are the identity of an alert, so none of them changes with it."""
    named = {"person": facts.get("person_name")}
    if message.reason in ("test", "channel"):
        named["test"] = "true"
    series = labels_of(str(facts.get("target") or ""))
    found = {**named, **series, **message.labels, "alertname": message.rule_name or message.title or "Smart Agent"}
    return {_label_name(name): str(value) for name, value in found.items() if value not in (None, "")}


def _label_name(name: str) -> str:
    """A label of ours as one of Prometheus, which has neither dots nor hyphens."""
    plain = re.sub(r"[^a-zA-Z0-9_]", "_", str(name))
    return f"_{plain}" if plain[:1].isdigit() else plain


def _time(value: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
