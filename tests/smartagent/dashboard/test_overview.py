"""The first page: numbers that lead to their lists, what fires, what happened, and whether the clock ticks."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from notifications.models import Channel, Delivery, Notification
from optimizer.models import OptimizationEvent
from rules.health.one_rule import health_of
from rules.models import ActivityEntry
from smartagent.dashboard.overview_period import OverviewPeriod
from smartagent.dashboard.trend import change, trend_of
from tests.rules.rule_cast import entry_of, rule_of, run_at, state_of


@pytest.fixture
def busy(alice):
    """A day of Alice's: two rules, one fires; three triggered, of which one failed; one unread, one proposed."""
    now = timezone.now()
    rule = rule_of(alice)
    rule_of(alice, rule_name="Paused", status="paused")
    state_of(rule, now)
    for hours, status in ((0, "success"), (1, "failed"), (2, "success"), (30, "failed")):
        entry_of(rule, now - timedelta(hours=hours), status=status, error_message="No route" if hours == 1 else None)
    Notification.objects.create(user=alice, type="alert", title="T", message="M")
    OptimizationEvent.objects.create(user=alice, source_event_type="s", optimization_action="auto", strategy="x")
    return rule


def cards(client):
    return {card.label: card.count for card in client.get("/").context["cards"]}


def test_the_numbers(client_of, alice, busy):
    assert cards(client_of(alice)) == {
        "Firing now": "1", "Failed in 24 h": "1", "Unread notifications": "1", "Triggered in 24 h": "3",
        "Proposed optimizations": "1", "Active rules": "1",
    }  # fmt: skip


def test_a_number_leads_to_as_many_rows(client_of, alice, busy):
    client = client_of(alice)
    for card in client.get("/").context["cards"]:
        page = client.get(card.link)
        assert len(page.context["cl"].result_list) == int(card.count), card.label
        assert page.context["cl"].complaints == []


def test_everyones_for_an_operator_and_nobody_elses_for_a_member(client_of, alice, bob, olga, busy):
    assert cards(client_of(olga))["Triggered in 24 h"] == "3"
    assert cards(client_of(olga))["Unread notifications"] == "0"
    rule_of(bob, rule_name="Mine")
    page = client_of(bob).get("/")
    assert {card.count for card in page.context["cards"]} == {"0", "1"}
    assert "Fusion score too low" not in page.content.decode()


def test_what_fires_and_what_happened_are_sentences(client_of, alice, olga, busy):
    page = client_of(alice).get("/").content.decode()
    assert "Fusion score is 63: below 70" in page
    assert "The fusion score of Alice is 63: below 70." in page
    assert "alert failed: No route" in page
    assert re.search(r">Alice</a>, since", client_of(olga).get("/").content.decode())


def test_an_entry_that_another_program_wrote(client_of, alice, busy):
    other = {"user": alice, "rule": None, "event_type": "synced", "action_taken": "sync"}
    ActivityEntry.objects.create(agent_name="fusion_agent", context={}, **other)
    ActivityEntry.objects.create(agent_name="other_agent", context=["a list"], **other)
    page = client_of(alice).get("/").content.decode()
    assert "fusion_agent" in page
    assert "other_agent" in page


def test_big_numbers_are_counted_up_to_a_cap(client_of, alice, busy, monkeypatch):
    for number in range(2):
        rule_of(alice, rule_name=f"Another {number}")
    monkeypatch.setattr("smartagent.dashboard.overview.MAX_COUNTED", 2)
    assert cards(client_of(alice))["Active rules"] == "2+"


def test_the_number_of_queries_does_not_grow(client_of, olga, busy, django_assert_num_queries):
    now = timezone.now()
    for number in range(12):
        rule = rule_of(olga, rule_name=f"Rule {number}")
        state_of(rule, now)
        entry_of(rule, now)
    client = client_of(olga)
    client.get("/")
    # session, person, two for permissions, tick, any rule, two for the bars, four numbers, seven for what fires, two
    # each for the noisiest and for integrations, one for optimizations, five for problems, latest, people, badges,
    # whether the optimizer is stopped
    with django_assert_num_queries(37):
        page = client.get("/")
        page.content.decode()
    assert (len(page.context["firing"].rules), len(page.context["latest"])) == (5, 10)


@pytest.mark.parametrize(
    ("ago", "fields", "words"),
    [
        (1, {}, "in time:"),
        (1, {"late_by": timedelta(minutes=3)}, "3m late"),
        (1, {"failed": 2}, "2 failed"),
        (1, {"outcome": "failed"}, "failed."),
        (60, {}, "Check that the workers are running"),
    ],
)
def test_the_last_tick(client_of, alice, busy, ago, fields, words):
    run_at(timezone.now() - timedelta(minutes=ago), **fields)
    assert words in client_of(alice).get("/").content.decode()


def test_no_tick_yet(client_of, alice, busy):
    run_at(timezone.now(), trigger="page", requested_by=alice)
    page = client_of(alice).get("/").content.decode()
    assert "No evaluation yet" in page
    assert "“Evaluate now” starts it at once" in page


def test_the_first_run_says_what_to_do(client_of, alice, audra):
    page = client_of(alice).get("/").content.decode()
    assert "Create the first rule" in page
    assert "http://testserver/api/samples/" in page
    assert "Evaluate now</" not in page
    assert "No rules yet" in client_of(audra).get("/").content.decode()


def test_the_button_is_for_those_who_may_change_rules(client_of, alice, audra, busy):
    assert 'action="/dispatch/"' in client_of(alice).get("/").content.decode()
    assert 'action="/dispatch/"' not in client_of(audra).get("/").content.decode()


@pytest.mark.parametrize(("zone", "last"), [("UTC", "10:00"), ("Asia/Kolkata", "15:00"), ("America/New_York", "05:00")])
def test_bars_begin_where_hours_do_for_whoever_looks_and_lead_to_their_time(alice, zone, last):
    rule, now = rule_of(alice), datetime(2026, 3, 2, 10, 20, tzinfo=UTC)
    for minutes, fields in ((0, {}), (5, {"status": "failed"}), (10, {"event_type": "rule_resolved"}), (1600, {})):
        entry_of(rule, now - timedelta(minutes=minutes), **fields)
    with timezone.override(zone):
        trend = trend_of(ActivityEntry.objects.all(), OverviewPeriod("24h", now), now)
    assert trend.chart.bars[-1].start[11:16] == last
    assert [(label, count) for _, label, count in trend.chart.legend] == [
        ("fired", 1), ("repeated", 0), ("failed", 1), ("resolved", 1)
    ]  # fmt: skip
    assert (trend.triggered, trend.triggered_before, trend.failed) == (2, 1, 1)
    assert trend.chart.bars[-1].address.startswith("/activity/?after=2026-03-02T")


@pytest.mark.parametrize("many", [9_999, 10_000, 10_001])
def test_triggered_means_the_same_however_much_it_is(alice, now, many):
    """Another program's entries and what failed to be read do not count, nor does what a run has counted."""
    rule = rule_of(alice)
    run_at(now, triggered=700)
    entry = entry_of(rule, now)
    entry_of(rule, now, event_type="rule_resolved")
    entry_of(rule, now, event_type="rule_triggered", agent_name="ai_agent_dispatcher", executed_at=None)
    kept = {name: getattr(entry, name) for name in ("user", "rule", "event_type", "action_taken", "context")}
    ActivityEntry.objects.bulk_create(ActivityEntry(**kept, created_at=now) for _ in range(many - 1))
    assert trend_of(ActivityEntry.objects.all(), OverviewPeriod("24h", now), now).triggered == many


def test_what_the_old_application_logged_as_failed_is_not_ours(client_of, alice, busy):
    rule = busy
    for number in range(3):
        entry_of(rule, timezone.now(), status="failed", agent_name="ai_agent_dispatcher", executed_at=None,
                 event_type="rule_triggered", error_message=f"Edge Function {number}")  # fmt: skip
    assert cards(client_of(alice))["Failed in 24 h"] == "1"
    assert ["the action failed 2 times" in each.words for each in health_of(rule, timezone.now()).findings] == [True]
    page = client_of(alice).get("/activity/?status=failed&origin=other&within=24h")
    assert len(page.context["cl"].result_list) == 3


@pytest.mark.parametrize(
    ("count", "before", "words"),
    [(112, 100, "+12 %"), (92, 100, "−8 %"), (100, 100, "unchanged"), (5, 0, ""), (0, 4, "−100 %")],
)
def test_a_number_is_compared_with_the_period_before(count, before, words):
    assert change(count, before) == words


def test_what_needs_attention_is_a_line_that_leads_to_its_list_and_otherwise_all_is_well(client_of, alice, busy):
    assert "All well:" in client_of(alice).get("/").content.decode()
    now = timezone.now()
    state_of(rule_of(alice, rule_name="Silent"), now, "no_data")
    run_at(now, outcome="failed")
    Channel.objects.create(user=alice, name="phone", kind="webhook", failures=3)
    Delivery.objects.create(user=alice, title="T", status="dead", expires_at=now)
    client = client_of(alice)
    found = {each.text: each.link for each in client.get("/").context["problems"]}
    assert list(found) == [
        "1 evaluation failed in the last 24 hours", "1 channel failing", "1 delivery failed in the last 24 hours",
        "1 rule without data",
    ]  # fmt: skip
    for link in found.values():
        page = client.get(link)
        assert (len(page.context["cl"].result_list), page.context["cl"].complaints) == (1, []), link


def test_a_period_of_thirty_days_with_the_noisiest_rule_and_the_results_of_optimizations(client_of, alice, busy):
    page = client_of(alice).get("/?within=30d")
    assert cards(client_of(alice))["Triggered in 24 h"] == "3"
    assert {card.label: card.count for card in page.context["cards"]}["Triggered in 30 days"] == "4"
    assert [(each.rule, each.triggered) for each in page.context["noisy"].rules] == [(busy, 4)]
    assert "1 proposed, 0 applied" in page.content.decode()
    assert page.content.decode().count('class="sa-stack-bar"') == len(page.context["chart"].bars) == 31
    assert client_of(alice).get("/?within=1000y").context["period"].name == "24h"
