"""What people do about what fires."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from rules.evaluation.dispatcher import dispatch
from rules.explain.decisions import reasons_of
from rules.explain.evidence import evidence_for
from rules.instances.handling import (
    acknowledge,
    assign,
    check_until,
    comment_on,
    next_working_morning,
    reopen,
    resolve,
    snooze,
    until_of,
)
from rules.models import ActivityEntry, MetricSample, RuleState
from tests.rules.rule_cast import rule_of, state_of

HOUR = timedelta(hours=1)


def story():
    return list(ActivityEntry.objects.order_by("created_at").values_list("event_type", flat=True))


@pytest.fixture
def fires(alice, now):
    """Alice's CPU is at 95, and her rule has told her."""
    rule = rule_of(alice, metric_type="cpu", condition_operator=">", threshold_value=90)
    MetricSample.objects.push(user=alice, metric="cpu", value=95, observed_at=now)
    dispatch(now, "command")
    return rule.states.get()


def states(*some):
    return RuleState.objects.filter(pk__in=[state.pk for state in some])


def test_what_is_acknowledged_does_not_repeat_and_reminds_when_that_runs_out(fires, alice, now):
    assert acknowledge(states(fires), alice, now + HOUR, now + 6 * HOUR, "looking at it") == 1
    dispatch(now + 5 * HOUR, "command")
    assert story() == ["rule_fired", "instance_acknowledged"]
    dispatch(now + 6 * HOUR, "command")
    assert story()[-1] == "rule_reminded"
    fires.refresh_from_db()
    assert (fires.handling, fires.handled_by, fires.handled_until) == ("open", None, None)


def test_an_entry_says_who_and_until_when_and_why(fires, alice, now):
    snooze(states(fires), alice, now, now + HOUR, " after lunch ")
    entry = ActivityEntry.objects.get(event_type="instance_snoozed")
    assert (entry.user, entry.rule, entry.state_id, entry.status) == (alice, fires.rule, fires.pk, "success")
    assert entry.context["by_name"] == "Alice"
    assert entry.context["until"] == (now + HOUR).isoformat()
    assert entry.context["comment"] == "after lunch"


def test_what_resolved_meanwhile_is_not_acknowledged(fires, alice, now):
    MetricSample.objects.push(user=alice, metric="cpu", value=5, observed_at=now + HOUR)
    dispatch(now + HOUR, "command")
    assert acknowledge(states(fires), alice, now + HOUR) == 0
    assert "instance_acknowledged" not in story()


def test_what_is_resolved_by_hand_fires_again_while_the_reading_is_broken(fires, alice, now):
    assert resolve(states(fires), alice, now + HOUR) == 1
    fires.refresh_from_db()
    assert (fires.condition, fires.reason, fires.episode) == ("ok", "resolved manually", 1)
    dispatch(now + 2 * HOUR, "command")
    fires.refresh_from_db()
    assert (fires.condition, fires.episode) == ("firing", 2)
    assert story() == ["rule_fired", "instance_resolved", "rule_fired"]


def test_what_was_resolved_by_mistake_is_opened_again_in_the_same_episode(fires, alice, now):
    resolve(states(fires), alice, now + HOUR)
    assert reopen(states(fires), alice, now + HOUR) == 1
    fires.refresh_from_db()
    assert (fires.condition, fires.episode) == ("firing", 1)
    assert reopen(states(fires), alice, now + HOUR) == 0


def test_what_is_opened_again_after_it_was_resolved_is_told_and_no_try_is_said_to_have_failed(fires, alice, now):
    resolve(states(fires), alice, now + HOUR)
    reopen(states(fires), alice, now + HOUR)
    dispatch(now + 2 * HOUR, "command")
    entry = ActivityEntry.objects.order_by("created_at").last()
    assert (entry.event_type, entry.status) == ("rule_repeated", "success")
    text = " ".join(reasons_of(evidence_for(entry, ActivityEntry.objects.all())))
    assert text == "No action had run since the alert began to fire or was reopened. Action alert succeeded."


def test_what_is_reopened_repeats_again(fires, alice, now):
    acknowledge(states(fires), alice, now)
    assert reopen(states(fires), alice, now) == 1
    dispatch(now + 5 * HOUR, "command")
    assert story()[-1] == "rule_repeated"


def test_comments_and_who_looks_after_it(fires, alice, bob, now):
    assert comment_on(states(fires), bob, now, "It is the backup.") == 1
    assert assign(states(fires), alice, now, bob) == 1
    assert assign(states(fires), alice, now, bob) == 0
    fires.refresh_from_db()
    assert fires.assignee == bob
    assert assign(states(fires), alice, now, None) == 1
    assert set(story()) - {"rule_fired"} == {"instance_assigned", "instance_commented", "instance_unassigned"}


def test_many_at_once_in_as_many_queries_as_one(fires, alice, now, django_assert_num_queries):
    others = [state_of(rule_of(alice, rule_name=str(n)), now) for n in range(5)]
    calm = state_of(rule_of(alice, rule_name="calm"), now, condition="ok")
    with django_assert_num_queries(4):
        assert acknowledge(states(fires, calm, *others), alice, now) == 6


def test_a_new_episode_begins_open_and_with_nobody(fires, alice, bob, now):
    assign(states(fires), alice, now, bob)
    snooze(states(fires), alice, now, now + 9 * HOUR)
    for hours, value in ((1, 5), (2, 99)):
        MetricSample.objects.push(user=alice, metric="cpu", value=value, observed_at=now + hours * HOUR)
        dispatch(now + hours * HOUR, "command")
    fires.refresh_from_db()
    assert (fires.condition, fires.handling, fires.assignee) == ("firing", "open", None)


@pytest.mark.parametrize(
    ("zone", "at", "morning"),
    [
        ("UTC", "2026-03-02T08:59", "2026-03-02T09:00"),  # a Monday
        ("UTC", "2026-03-02T09:00", "2026-03-03T09:00"),
        ("UTC", "2026-03-06T23:00", "2026-03-09T09:00"),  # over the week-end
        ("Europe/Berlin", "2026-03-27T12:00", "2026-03-30T07:00"),  # and into summer time
        ("Europe/Berlin", "2026-10-23T12:00", "2026-10-26T08:00"),  # and out of it
        ("America/New_York", "2026-03-06T20:00", "2026-03-09T13:00"),
        ("Asia/Kathmandu", "2026-03-02T03:00", "2026-03-02T03:15"),
        ("Pacific/Kiritimati", "2026-03-01T18:00", "2026-03-01T19:00"),  # Monday there already
    ],
)
def test_the_next_working_morning_is_by_the_clock_of_the_person(zone, at, morning):
    now, expected = (datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (at, morning))
    assert next_working_morning(now, ZoneInfo(zone)) == expected
    assert until_of("morning", now, ZoneInfo(zone)) == expected


def test_lengths(now):
    assert until_of("4h", now, ZoneInfo("UTC")) == now + 4 * HOUR
    with pytest.raises(ValueError, match="Available: 30m, 1h, 4h, 24h, morning"):
        until_of("5h", now, ZoneInfo("UTC"))
    assert check_until(now + HOUR, now) == now + HOUR
    for wrong in (now, now + 31 * 24 * HOUR):
        with pytest.raises(ValueError, match="at most 30 days from now"):
            check_until(wrong, now)
