"""Rules on queries of a real Prometheus and a real VictoriaMetrics."""

import time
import urllib.request
from datetime import timedelta
from itertools import pairwise

import cramjam
import pytest
from django.utils import timezone

from rules.backtesting.explanation import explain
from rules.backtesting.replay import replay
from rules.backtesting.trial import try_out
from rules.data_sources.history import query_history
from rules.evaluation.dispatcher import dispatch
from rules.models import ActivityEntry, DataSource, RuleState
from tests.rules.api.protocols.senders import version_1
from tests.rules.data_sources.source_cast import query_of, source_at
from tests.rules.evaluation.test_dispatcher import rule_of


@pytest.fixture(autouse=True)
def _loopback(settings, db):
    settings.OUTBOUND_ALLOWED = ["127.0.0.0/8"]


def write_to(prometheus, **busy):
    """The number of busy workers of each host, now."""
    at = int(time.time() * 1000)
    series = [({"__name__": "busy_workers", "host": host}, [(value, at)]) for host, value in busy.items()]
    body = bytes(cramjam.snappy.compress_raw(version_1(*series).SerializeToString()))
    head = {"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy"}
    urllib.request.urlopen(urllib.request.Request(f"{prometheus}/api/v1/write", body, head)).close()


def test_a_rule_on_a_query_fires_and_resolves(alice, prometheus):
    source = source_at(prometheus)
    query_of(source, "busy", "sum(busy_workers)")
    rule, other = rule_of(alice, "busy", ">", 5, "log"), rule_of(alice, "broken", ">", 5, "log")
    query_of(source, "broken", "sum(")
    write_to(prometheus, a=4, b=3)
    run = dispatch(timezone.now(), "command")
    assert (run.triggered, run.errors, run.error_message) == (1, 1, None)
    write_to(prometheus, a=1)
    dispatch(timezone.now(), "command")
    entries = ActivityEntry.objects.filter(rule=rule).order_by("created_at")
    assert list(entries.values_list("event_type", flat=True)) == ["rule_fired", "rule_resolved"]
    assert RuleState.objects.get(rule=other).reason.startswith("prom: ")
    assert "parse error" in RuleState.objects.get(rule=other).reason
    source.refresh_from_db()
    assert "parse error" in source.last_error
    assert [(each["queries"], each["failed"]) for each in source.recent] == [(2, 1), (2, 1)]


def test_an_unreachable_source_puts_only_its_rules_in_error(alice, prometheus):
    query_of(source_at("http://127.0.0.1:1", name="gone"), "gone", "up")
    query_of(source_at(prometheus), "one", "vector(1)")
    gone, one = (rule_of(alice, name, ">", 0, "log") for name in ("gone", "one"))
    run = dispatch(timezone.now(), "command")
    assert (run.triggered, run.errors) == (1, 1)
    assert RuleState.objects.get(rule=one).condition == "firing"
    assert RuleState.objects.get(rule=gone).reason.startswith("gone: 127.0.0.1 could not be reached")
    assert DataSource.objects.get(name="gone").last_success_at is None


def test_no_series_is_no_data_and_a_label_names_people(alice, bob, olga, victoria_metrics):
    now = timezone.now()
    lines = [f'load{{person="{person}"}} {value} {now.timestamp() * 1000 - 1000:.0f}' for person, value in [
        (alice.email, 9), (str(bob.pk).upper(), 3), ("nobody@example.com", 99)]]  # fmt: skip
    request = urllib.request.Request(f"{victoria_metrics}/api/v1/import/prometheus", "\n".join(lines).encode())
    urllib.request.urlopen(request).close()
    urllib.request.urlopen(f"{victoria_metrics}/internal/force_flush").close()  # else it shows them seconds later
    source = source_at(victoria_metrics, person_label="person")
    query_of(source, "load", 'load{person!=""}')
    query_of(source, "nothing", "does_not_exist")
    load = rule_of(olga, "load", ">", 5, "log", applies_to="everyone")
    nothing = rule_of(alice, "nothing", ">", 5, "log")
    dispatch(timezone.now() + timedelta(seconds=1), "command")
    assert RuleState.objects.get(rule=load, condition="firing").user == alice
    assert RuleState.objects.get(rule=nothing).condition == "no_data"


def test_the_past_of_a_query_is_that_of_its_source(alice, bob, victoria_metrics):
    """Written every 15 seconds from 09:00 to 11:00, above 5 from 10:00 to 10:30, and then nothing until now."""
    now = timezone.now().replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=1)
    begin = now - timedelta(hours=3)
    times = [begin + timedelta(seconds=15 * n) for n in range(481)]
    lines = [f'past_load{{person="{alice.email}"}} {9 if 3600 <= (at - begin).total_seconds() < 5400 else 2} '
             f"{at.timestamp() * 1000:.0f}" for at in times]  # fmt: skip
    request = urllib.request.Request(f"{victoria_metrics}/api/v1/import/prometheus", "\n".join(lines).encode())
    urllib.request.urlopen(request).close()
    urllib.request.urlopen(f"{victoria_metrics}/internal/force_flush").close()
    source = source_at(victoria_metrics, name="past", person_label="person")
    query_of(source, "past_load", "past_load")
    rule = rule_of(alice, "past_load", ">", 5, "log")
    found = replay(rule, begin, now)
    assert [(period.start, period.end) for period in found.periods] == [
        (begin + timedelta(hours=1), begin + timedelta(minutes=90))
    ]
    assert found.transitions[-1].transition.event == "rule_no_data"
    assert replay(rule_of(bob, "past_load", ">", 5, "log"), begin, now).periods == []
    why = explain(rule, alice.pk, begin + timedelta(minutes=62))
    assert (why.observed[0].value, why.verdict, str(why.step.transition.event)) == (9.0, "met", "rule_fired")
    assert why.queries == {"past_load"}
    shown = try_out(rule, 7, now, everybody=True)
    assert shown.counted.fired == 1
    assert {value for _, value in shown.points} == {2.0, 9.0}


ROOMS = 'label_replace(vector(9), "room", "a", "", "") or label_replace(vector(2), "room", "b", "", "")'


def test_each_series_of_a_query_is_an_instance_now_and_in_the_past(alice, prometheus):
    source, now = source_at(prometheus), timezone.now()
    for name, expression in (("rooms", ROOMS), ("whole", "vector(9)")):
        query_of(source, name, expression)
        rule = rule_of(alice, name, ">", 5, "log", series_mode="each")
        dispatch(now, "command", rule=rule.pk)
        fired = RuleState.objects.filter(rule=rule, condition="firing").values_list("target", flat=True)
        assert list(fired) == [{"rooms": '{room="a"}', "whole": ""}[name]]
        found = replay(rule, now - timedelta(hours=1), now)
        assert (found.fired, len(found.periods)) == (1, 1)


def test_a_long_past_is_asked_in_parts(prometheus):
    query_of(source_at(prometheus), "one", "vector(1)")
    now, step = timezone.now(), timedelta(minutes=5)
    points = query_history(["one"], now - timedelta(days=58), now, step)[None]["one", ""]
    assert len(points) == 58 * 288  # more than the 11,000 that Prometheus gives at once
    assert {after - before for (before, _), (after, _) in pairwise(points)} == {step}


def test_a_refusal_of_the_past_is_shown_in_the_source_s_own_words(alice, client_of, prometheus):
    query_of(source_at(prometheus), "broken", "sum(")
    rule, client = rule_of(alice, "broken", ">", 5, "log"), client_of(alice)
    sent = {"metric_type": "broken", "condition_operator": ">", "threshold_value": "5", "trial_days": "1"}
    for answer in (
        client.get(f"/rules/{rule.pk}/why/"), client.post("/rules/trial/", sent),
        client.post(f"/api/rules/{rule.pk}/trial/", {"days": 1}, "application/json"),
        client.get(f"/api/rules/{rule.pk}/why/?at=2026-03-02T10:00:00Z"),
    ):  # fmt: skip
        assert answer.status_code in (200, 400)
        assert "parse error: unclosed left parenthesis" in answer.content.decode()
