"""Alertmanager's webhook: alerts become audit events and series."""

import json
import time

import pytest
from django.utils import timezone

from rules.evaluation.dispatcher import dispatch
from rules.lifecycle.recycle_bin import delete
from rules.models import ActivityEntry, AuditEvent, AutomationRule, MetricReceipt, MetricSample, RuleState
from tests.rules.api.protocols.senders import Sender, kept

PATH = "/api/v1/alertmanager"
ALERT = {
    "status": "firing", "labels": {"alertname": "HighLoad", "instance": "web-1", "severity": "critical"},
    "annotations": {"summary": "Load is 9"}, "startsAt": "2026-03-02T10:00:00.123456789Z",
    "endsAt": "0001-01-01T00:00:00Z", "generatorURL": "http://prom/graph", "fingerprint": "c0ffee",
}  # fmt: skip
KEY = 'alertmanager_alert{alertname="HighLoad",instance="web-1",severity="critical"}'


def send(user, *alerts, path=PATH, **fields):
    body = {"version": "4", "status": "firing", "receiver": "team", "alerts": alerts} | fields
    return Sender(user).post(path, json.dumps(body).encode(), "application/json")


def test_an_alert_is_an_event_and_a_series_and_its_repetition_no_other_event(alice):
    resolved = ALERT | {"status": "resolved", "endsAt": "2026-03-02T10:05:00Z"}
    for alert in (ALERT, ALERT, resolved, resolved):
        answer = send(alice, alert)
        assert (answer.status_code, answer.json()) == (200, {"accepted": 1})
        time.sleep(0.001)
    assert kept() == {KEY: [1, 1, 0, 0]}
    events = AuditEvent.objects.order_by("created_at")
    assert [(event.user, event.severity, event.message) for event in events] == [
        (alice, "critical", "HighLoad is firing: Load is 9"), (alice, "info", "HighLoad is resolved: Load is 9"),
    ]  # fmt: skip
    assert events[0].metadata["labels"] == ALERT["labels"]
    assert events[0].metadata["fingerprint"] == "c0ffee"
    assert events[0].metadata["receiver"] == "team"


def test_good_alerts_are_kept_and_the_others_named(alice):
    wrong = [
        7, {}, ALERT | {"status": []}, ALERT | {"labels": {"severity": "x"}}, ALERT | {"labels": {"alertname": 5}},
        ALERT | {"annotations": {"a": "\0"}}, ALERT | {"labels": ALERT["labels"] | {"x": "\ud800"}},
        ALERT | {"startsAt": "soon"},
    ]  # fmt: skip
    answer = send(alice, ALERT, *wrong, truncatedAlerts=3)
    assert answer.status_code == 400
    said = answer.json()["detail"][0]
    assert said.startswith("1 samples were written; not kept: 8 × invalid alert, 3 × alert left out by Alertmanager.")
    assert "alert 2: it must be an object." in said
    assert kept() == {KEY: [1]}
    assert MetricReceipt.objects.get().not_kept == {"invalid alert": 8, "alert left out by Alertmanager": 3}
    assert ActivityEntry.objects.count() == 1


def test_an_operator_names_by_the_address_whose_they_are(alice, bob, olga):
    assert send(olga, ALERT, path=f"{PATH}?user={bob.email}").status_code == 200
    assert send(olga, ALERT, path=f"{PATH}?user=platform").status_code == 200
    assert send(alice, ALERT, path=f"{PATH}?user={bob.email}").status_code == 400
    assert {event.user for event in AuditEvent.objects.all()} == {bob, None}


def test_where_it_is_asked_for_one_rule_watches_each_alert(alice, olga):
    for _ in range(2):
        assert send(alice, ALERT, ALERT | {"labels": {"alertname": "Down"}}, path=f"{PATH}?rule=on").status_code == 200
    rule = AutomationRule.objects.get()
    assert (rule.user, rule.rule_name, rule.metric_type, rule.series_mode) == (
        alice, "Alerts of Alertmanager", "alertmanager_alert", "each",
    )  # fmt: skip
    assert dispatch(timezone.now(), "command").triggered == 2
    send(alice, ALERT | {"status": "resolved"}, path=f"{PATH}?rule=on")
    dispatch(timezone.now(), "command")
    states = RuleState.objects.filter(rule=rule).values_list("condition", flat=True)
    assert sorted(states) == ["firing", "ok"]
    delete(AutomationRule.objects.filter(pk=rule.pk), alice, timezone.now())
    send(alice, ALERT, path=f"{PATH}?rule=on")
    assert not AutomationRule.objects.exists()
    for path in (f"{PATH}?rule=on&user=platform", f"{PATH}?rule=maybe"):
        assert send(olga, ALERT, path=path).status_code == 400


@pytest.mark.parametrize(("body", "message"), [
    (b"", "not JSON"), (b"\xff", "not JSON"), (b"[]", "must be an object"), (b'{"alerts": 7}', "list of alerts"),
    (b'{"alerts": [], "version": "3"}', "must be “4”"), (b"[" * 9999, "nested too deeply"),
    (b'{"version": "4", "alerts": [' + b"1," * 10_000 + b"1]}", "At most 10,000 alerts"),
    (b'{"version": "4", "alerts": [{"status": NaN}]}', "NaN is not valid JSON"),
])  # fmt: skip
def test_hostile_bodies(alice, body, message):
    answer = Sender(alice).post(PATH, body, "application/json")
    assert (answer.status_code, message in answer.json()["detail"][0]) == (400, True), answer.content
    assert not MetricSample.objects.exists()


def test_an_empty_owner_in_the_address_is_refused(alice):
    answer = send(alice, ALERT, path=f"{PATH}?user=")
    assert answer.status_code == 400
    assert "X-Smartagent-User: " in answer.json()["detail"][0]
    assert kept() == {}


@pytest.mark.parametrize("address", [PATH, "/api/v1/write", "/api/v2/write", "/v1/metrics"])
def test_other_methods_are_answered_with_those_that_there_are(alice, address):
    sender = Sender(alice)
    headers = {"Authorization": f"Bearer {sender.token}"}
    asked = sender.client.options(address, headers=headers)
    assert (asked.status_code, asked.content) == (204, b"")
    refused = sender.client.delete(address, headers=headers)
    assert refused.status_code == 405
    assert asked.headers["Allow"] == refused.headers["Allow"] == "POST, OPTIONS"
