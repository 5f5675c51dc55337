"""What is beyond the samples of a minute or the series of a person is refused as each protocol says it, and counted."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from rules.ingest import sample_quota, series_limit
from rules.ingest.sample_quota import seconds_until_quota
from rules.ingest.storage import store
from rules.models import AuditEvent, MetricReceipt, MetricSeries
from tests.rules.api.protocols.senders import Sender, kept

WEBHOOK = {"version": "4", "alerts": [
    {"status": "firing", "labels": {"alertname": "High"}, "startsAt": "2026-03-02T10:00:00Z"}]}  # fmt: skip
LIMIT = "At most 2 samples per person and minute. Try again in 40 seconds."


@pytest.fixture(autouse=True)
def at(monkeypatch):
    """A time within a minute, and processes that remember nothing."""
    at = timezone.now().replace(second=20, microsecond=0)
    monkeypatch.setattr("django.utils.timezone.now", lambda: at)
    monkeypatch.setattr(sample_quota, "_CLAIMS", {})
    monkeypatch.setattr(series_limit, "_ROOMS", {})
    return at


def milliseconds(at):
    return round(at.timestamp() * 1000)


def points(*names):
    metrics = [{"name": name, "gauge": {"dataPoints": [{"asDouble": 1, "timeUnixNano": "1"}]}} for name in names]
    return json.dumps({"resourceMetrics": [{"scopeMetrics": [{"metrics": metrics}]}]}).encode()


def sent(sender, protocol, at, *names):
    """Send a sample of each of these series."""
    lines = "\n".join(f"{name} value=1" for name in names).encode()
    return {
        "remote": lambda: sender.write(*[({"__name__": name}, [(1, milliseconds(at))]) for name in names]),
        "otlp": lambda: sender.post("/v1/metrics", points(*names), "application/json"),
        "influx": lambda: sender.post("/api/v2/write", lines, "text/plain"),
        "influx1": lambda: sender.post("/write", lines, "text/plain"),
        "json": lambda: sender.post(
            "/api/samples/", json.dumps([{"metric": name, "value": 1} for name in names]).encode(), "application/json"
        ),
        "alertmanager": lambda: sender.post("/api/v1/alertmanager?rule=on", json.dumps(WEBHOOK).encode(), "text/json"),
    }[protocol]()


@pytest.mark.parametrize(("protocol", "status", "body"), [
    ("remote", 429, f"{LIMIT}\n"), ("otlp", 429, {"code": 8, "message": LIMIT}),
    ("influx", 429, {"code": "too many requests", "message": LIMIT}), ("influx1", 429, {"error": LIMIT}),
    ("json", 429, {"detail": [LIMIT]}),
    ("alertmanager", 503, {"detail": [LIMIT]}),  # which repeats a notification that is answered so, and no other
])  # fmt: skip
def test_beyond_the_samples_of_a_minute_nothing_is_kept(alice, bob, settings, at, protocol, status, body):
    settings.INGEST_SAMPLES_PER_MINUTE = 2
    sender = Sender(alice)
    assert sent(sender, "remote", at, "cpu", "memory").status_code == 204
    answer = sent(sender, protocol, at, "disk")
    assert (answer.status_code, answer["Retry-After"]) == (status, "40")
    assert (answer.content.decode() if isinstance(body, str) else answer.json()) == body
    assert (len(kept()), AuditEvent.objects.count()) == (2, 0)
    receipt = MetricReceipt.objects.exclude(refused_at=None).get()
    assert receipt.not_kept == {"beyond the samples of a minute": 1}
    assert LIMIT in receipt.example
    assert sent(Sender(bob), "remote", at, "disk").status_code == 204


def test_a_request_that_no_minute_takes_is_too_large(alice, settings, at):
    settings.INGEST_SAMPLES_PER_MINUTE = 2
    for protocol in ("remote", "json"):
        assert sent(Sender(alice), protocol, at, "a", "b", "c").status_code == 413
    assert not kept()


def test_processes_share_the_samples_of_a_minute_and_ask_seldom(
    alice, settings, at, monkeypatch, django_assert_num_queries
):
    settings.INGEST_SAMPLES_PER_MINUTE = 1000
    with django_assert_num_queries(1):
        assert [seconds_until_quota(alice.pk, 1, at) for _ in range(20)] == [0] * 20
    monkeypatch.setattr(sample_quota, "_CLAIMS", {})  # another process
    assert [seconds_until_quota(alice.pk, 700, at), seconds_until_quota(alice.pk, 300, at)] == [0, 40]
    assert seconds_until_quota(alice.pk, 280, at) == 0
    with django_assert_num_queries(2):  # for a part of the minute, then for the one sample
        assert [seconds_until_quota(alice.pk, 1, at) for _ in range(9)] == [40] * 9
    assert seconds_until_quota(alice.pk, 1000, at + timedelta(seconds=40)) == 0
    settings.INGEST_SAMPLES_PER_MINUTE = 0
    assert seconds_until_quota(alice.pk, 10**9, at) == 0


@pytest.mark.parametrize(("protocol", "status"), [
    ("remote", 400), ("otlp", 200), ("influx", 400), ("json", 400),
])  # fmt: skip
def test_beyond_the_series_of_a_person_the_others_go_on(alice, bob, settings, at, protocol, status):
    settings.MAX_SERIES_PER_PERSON = 2
    sender = Sender(alice)
    assert sent(sender, "remote", at - timedelta(minutes=1), "cpu").status_code == 204
    answer = sent(sender, protocol, at, "cpu", "disk_a", "disk_b")
    assert answer.status_code == status
    assert "disk_b would be a new series, beyond the maximum of 2" in answer.content.decode()
    assert set(kept()) == ({"cpu"} if protocol == "json" else {"cpu", "disk_a"})
    if protocol == "otlp":
        assert answer.json()["partialSuccess"]["rejectedDataPoints"] == "1"
    refused = MetricReceipt.objects.exclude(refused_at=None).get()
    assert refused.not_kept == {"series beyond the maximum": 3 if protocol == "json" else 1}
    assert sent(sender, protocol, at, "cpu").status_code < 300
    assert sent(Sender(bob), protocol, at, "disk_b").status_code < 300


def test_series_are_counted_once_for_many_new_ones(alice, at, django_assert_num_queries):
    rows = [[(owner, f"m{n}", "", 1.0, at)] for n in range(4) for owner in (alice.pk, None)]
    for row in rows:
        store(row, max_series=100)
    assert {key[1]: room.series for key, room in series_limit._ROOMS.items()} == {alice.pk: 21, None: 21}
    assert MetricSeries.objects.count() == 8
