"""Alerts of ours in a real Alertmanager: open, moved to another severity, and resolved."""

import json
import urllib.request

import pytest
from django.utils import timezone

from tests.notifications.channels.written import message, send


@pytest.fixture(autouse=True)
def _loopback(settings):
    settings.OUTBOUND_ALLOWED = ["127.0.0.0/8"]


def shown_by(alertmanager):
    with urllib.request.urlopen(f"{alertmanager}/api/v2/alerts?filter=alertname=CPU") as answer:
        return [
            (each["labels"]["severity"], each["labels"]["host"], each["status"]["state"]) for each in json.load(answer)
        ]


def test_alerts_are_opened_and_resolved(alertmanager):
    facts = {"target": '{host="a"}', "time": timezone.now().isoformat(), "value": 1}
    for reason, severity, left in [
        ("first", "high", "high"),
        ("critical", "critical", "critical"),
        ("resolved", "high", ""),
    ]:
        one = message(reason=reason, severity=severity, facts=facts, created_at=timezone.now())
        assert send("alertmanager", one, url=alertmanager).code == 200
        assert [found[:2] for found in shown_by(alertmanager)] == ([(left, "a")] if left else [])
