"""PagerDuty: an incident is opened and resolved by the same key, and never acknowledged."""

import json
from datetime import timedelta
from uuid import uuid4

import pytest
from pytest_httpserver import HTTPServer

from tests.notifications.channels.written import AT, digest, errors, got, message, refusal, send

KEY = "0123456789abcdef0123456789ABCDEF"
REASONS = ["first", "still_firing", "resolved", "critical", "flapping", "escalated", "digest", "test", "channel"]


@pytest.fixture
def pagerduty(httpserver: HTTPServer, settings):
    settings.PAGERDUTY_URL = httpserver.url_for("").rstrip("/")
    httpserver.expect_request("/v2/enqueue", method="POST").respond_with_json({"status": "success"}, status=202)
    return httpserver


def events(pagerduty):
    return [json.loads(request.data) for request, _ in pagerduty.log]


def test_what_fires_opens_an_incident_and_what_has_resolved_resolves_it(pagerduty):
    send("pagerduty", message(), key=KEY)
    send("pagerduty", message(2, reason="resolved", title="Resolved: CPU"), key=KEY)
    opened, resolved = events(pagerduty)
    assert opened["dedup_key"] == resolved["dedup_key"] == "7:1:web-1"
    assert (opened["event_action"], opened["routing_key"]) == ("trigger", KEY)
    assert opened["payload"] == {
        "summary": "CPU is high", "source": "CPU", "severity": "error", "timestamp": AT.isoformat(),
        "custom_details": {"message": "CPU is 95: above 90.", "metric": "cpu", "value": 95.0},
    }  # fmt: skip
    assert opened["links"][0]["href"] == message().url
    assert resolved == {"event_action": "resolve", "dedup_key": "7:1:web-1", "routing_key": KEY}


@pytest.mark.parametrize("reason", REASONS)
def test_nothing_acknowledges(pagerduty, reason):
    send("pagerduty", message(reason=reason), key=KEY)
    assert got(pagerduty)["event_action"] == ("resolve" if reason == "resolved" else "trigger")


def test_a_digest_goes_as_its_events_the_newest_of_each_incident(pagerduty):
    fired = message(2, thread="a", title="A")
    over = message(3, thread="a", reason="resolved", created_at=AT + timedelta(minutes=1))
    other = message(4, thread="b", title="B", created_at=AT + timedelta(minutes=2))
    send("pagerduty", message(reason="digest", thread="", items=(other, fired, over)), key=KEY)
    assert [(each["event_action"], each["dedup_key"]) for each in events(pagerduty)] == [
        ("resolve", "a"), ("trigger", "b"),
    ]  # fmt: skip


def test_an_incident_of_many_instances_stays_open_while_others_fire(pagerduty):
    over = message(3, incident="r", reason="resolved", others_firing=2, created_at=AT + timedelta(minutes=1))
    assert "stays open" in send("pagerduty", over, key=KEY).excerpt
    fired = message(2, incident="r", title="A")
    send("pagerduty", message(reason="digest", thread="", items=(fired, over)), key=KEY)
    send("pagerduty", message(4, incident="r", thread="x", reason="resolved"), key=KEY)
    assert [(each["event_action"], each["dedup_key"]) for each in events(pagerduty)] == [
        ("trigger", "r"), ("resolve", "r"),
    ]  # fmt: skip


def test_limits(pagerduty):
    one, two = (message(title="x" * 3000, thread=f"{uuid4()}:{'t' * 400}{end}") for end in "12")
    send("pagerduty", one, key=KEY)
    send("pagerduty", two, key=KEY)
    first, second = events(pagerduty)
    assert len(first["payload"]["summary"]) == 1024
    assert len(first["dedup_key"]) <= 255
    assert first["dedup_key"] != second["dedup_key"]


def test_what_has_no_incident_of_its_own_has_one_by_its_id(pagerduty):
    send("pagerduty", message(thread=""), key=KEY)
    assert got(pagerduty)["dedup_key"] == message().id


def test_what_pagerduty_says_is_told(httpserver: HTTPServer, settings):
    settings.PAGERDUTY_URL = httpserver.url_for("").rstrip("/")
    answer = {"status": "invalid event", "message": "Event object is invalid", "errors": ["Invalid routing key"]}
    httpserver.expect_request("/v2/enqueue").respond_with_json(answer, status=400)
    error = refusal("pagerduty", digest(3), key=KEY)
    assert str(error) == "Answered 400. It says: Event object is invalid; Invalid routing key."
    assert (error.permanent, len(httpserver.log)) == (True, 1)


@pytest.mark.parametrize("key", ["", "short", KEY + "0", KEY[:-1] + "-"])
def test_the_form_checks_the_key(key):
    assert list(errors("pagerduty", key=key)) == ["key"]
    assert errors("pagerduty", key=f" {KEY} ") == {}
