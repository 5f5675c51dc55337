"""Alertmanager: alerts with the labels of rule and series, ahead of their end, and resolved by the same labels."""

import base64
from datetime import timedelta

import pytest

from notifications.channels.alertmanager import alerts_of
from tests.notifications.channels.written import AT, digest, errors, got, message, refusal, send

DAY = timedelta(days=1)
INSTANCE = {"metric": "cpu", "value": 95.0, "target": '{host="a\\"b",job="x"}', "person_name": "Alice",
            "time": "2026-03-02T09:55:00+00:00"}  # fmt: skip


def open_alerts(one, lifetime=DAY):
    return [each for each in alerts_of(one, lifetime) if each["endsAt"] > AT.isoformat()]


def test_an_alert_has_the_labels_of_rule_and_series(httpserver):
    httpserver.expect_request("/am/api/v2/alerts", method="POST").respond_with_data("")
    one = message(facts=INSTANCE, labels={"team": "db", "my-tag": "x"}, runbook_url="https://a.example/r")
    send("alertmanager", one, url=httpserver.url_for("/am/"), username="u", password="pw")
    (request, _), *_ = httpserver.log
    assert request.headers["Authorization"] == f"Basic {base64.b64encode(b'u:pw').decode()}"
    (alert,) = [each for each in got(httpserver) if each["labels"]["severity"] == "high"]
    assert alert == {
        "labels": {"alertname": "CPU", "severity": "high", "team": "db", "my_tag": "x", "host": 'a"b', "job": "x",
                   "person": "Alice"},
        "annotations": {"summary": "CPU is high", "description": "CPU is 95: above 90.", "value": "95.0",
                        "runbook_url": "https://a.example/r"},
        "startsAt": "2026-03-02T09:55:00+00:00", "endsAt": (AT + DAY).isoformat(), "generatorURL": one.url,
    }  # fmt: skip


def test_only_the_present_severity_is_open_and_resolving_ends_each():
    assert [each["labels"]["severity"] for each in open_alerts(message())] == ["high"]
    assert [each["labels"]["severity"] for each in open_alerts(message(severity="critical"))] == ["critical"]
    assert not open_alerts(message(reason="resolved"))
    assert len(list(alerts_of(message(reason="resolved"), DAY))) == 4
    (own,) = alerts_of(message(labels={"severity": "page"}), DAY)
    assert own["labels"]["severity"] == "page"


def test_instances_and_digests_are_an_alert_each():
    facts = {"instances": [INSTANCE, INSTANCE | {"target": "web-2"}]}
    assert {each["labels"].get("target") for each in open_alerts(message(facts=facts))} == {None, "web-2"}
    (test,) = open_alerts(message(reason="test"))
    assert (test["labels"]["test"], test["endsAt"]) == ("true", (AT + timedelta(minutes=5)).isoformat())


@pytest.mark.parametrize("facts", [{"time": "x", "target": 5}, {"instances": [1]}, {"instances": {}, "time": None}])
def test_odd_facts_are_no_obstacle(facts):
    assert len(open_alerts(message(facts=facts))) == 1


def test_a_refusal_in_its_words_and_a_form_that_checks(httpserver):
    httpserver.expect_request("/api/v2/alerts").respond_with_json("start time must be before end time", status=400)
    error = refusal("alertmanager", digest(2), url=httpserver.url_for(""))
    assert (error.permanent, "start time must be before" in str(error)) == (True, True)
    assert len(got(httpserver)) == 4  # both are the same alert, once with each severity
    assert errors("alertmanager", url="", lifetime="800").keys() == {"url", "lifetime"}
