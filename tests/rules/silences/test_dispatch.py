"""Silences in the tick: what fires under one does not act, is written down, and is told when the silence is over."""

from datetime import timedelta

import pytest

from notifications.models import Notification
from rules.evaluation.dispatcher import dispatch
from rules.models import ActivityEntry, RuleState
from rules.silences.end_report import report_ended
from rules.silences.lifecycle import end
from rules.text.silence import ended_in_words

HOUR = timedelta(hours=1)
WORDS = "Silenced by “Database upgrade” (Olga) until 2 Mar 2026, 11:00 UTC"


def ended_entries():
    return list(ActivityEntry.objects.filter(event_type="silence_ended").order_by("created_at", "id"))


def test_what_fires_under_a_silence_does_not_act_and_says_why(alice, olga, rule_on, quiet, tick, story):
    rule = rule_on(alice)
    silence = quiet(olga, rule=rule)
    run = tick(5, alice=(alice, 95))
    entry = ActivityEntry.objects.get(rule=rule)
    assert (entry.event_type, entry.status, entry.action_taken) == ("rule_fired", "skipped", "alert")
    assert entry.error_message == WORDS
    assert entry.context["silence"] == str(silence.pk)
    assert (run.succeeded, Notification.objects.count()) == (0, 0)
    state = RuleState.objects.get(rule=rule)
    assert (state.condition, state.silence) == ("firing", silence)


def test_what_still_fires_at_the_end_is_told_at_once(alice, olga, rule_on, quiet, tick, story):
    rule = rule_on(alice)
    quiet(olga, rule=rule)
    for minute in (5, 30, 55):
        tick(minute, alice=(alice, 95))
    assert Notification.objects.count() == 0
    tick(60, alice=(alice, 96))
    assert Notification.objects.count() == 1
    assert story(rule) == [("rule_fired", "skipped"), ("rule_unsilenced", "success")]
    tick(65, alice=(alice, 96))
    assert Notification.objects.count() == 1
    [entry] = ended_entries()
    assert ended_in_words(entry.context) == (
        "The silence “Database upgrade” by Olga ended: 1 still fires (CPU too high for Alice)."
    )


def test_what_resolved_meanwhile_is_listed(alice, bob, olga, rule_on, quiet, tick):
    rules = rule_on(alice), rule_on(bob, rule_name="Bob's CPU")
    silence = quiet(olga, metric="cpu")
    tick(5, alice=(alice, 95), bob=(bob, 97))
    tick(20, alice=(alice, 20), bob=(bob, 97))
    tick(60, alice=(alice, 20), bob=(bob, 97))
    [entry] = ended_entries()
    facts = entry.context
    assert (facts["silence"], facts["made_by"], facts["covers"]) == (
        str(silence.pk), "Olga", "the metric cpu, everyone's rules",
    )  # fmt: skip
    assert (facts["still_firing"], facts["resolved"]) == (1, 1)
    [still], [gone] = facts["still_firing_instances"], facts["resolved_instances"]
    assert (still["rule"], still["person_name"], still["silenced"]) == (str(rules[1].pk), "Bob", False)
    assert (gone["rule"], gone["fired"], gone["resolved_at"]) == (str(rules[0].pk), 1, "2026-03-02T10:20:00+00:00")
    assert (entry.user, entry.run.trigger) == (olga, "schedule")


def test_what_fired_before_is_kept_from_repeating_and_told_again_after(alice, olga, rule_on, quiet, tick, story, now):
    rule = rule_on(alice, repeat_every=timedelta(minutes=10))
    quiet(olga, rule=rule, starts_at=now + timedelta(minutes=10))
    for minute in (5, 10, 20, 40, 60):
        tick(minute, alice=(alice, 95))
    assert story(rule) == [("rule_fired", "success"), ("rule_silenced", "skipped"), ("rule_unsilenced", "success")]
    assert Notification.objects.count() == 2


def test_evaluation_goes_on_inside(alice, olga, rule_on, quiet, tick, story):
    rule = rule_on(alice)
    quiet(olga, rule=rule)
    for minute, value in enumerate([95, 20, 95, 20], 1):
        tick(5 * minute, alice=(alice, value))
    assert [event for event, _ in story(rule)] == ["rule_fired", "rule_resolved"] * 2
    tick(60, alice=(alice, 20))
    [entry] = ended_entries()
    assert (entry.context["resolved_instances"][0]["fired"], Notification.objects.count()) == (2, 0)


def test_nothing_happened(alice, olga, rule_on, quiet, tick):
    rule_on(alice)
    quiet(olga)
    tick(5, alice=(alice, 20))
    tick(60, alice=(alice, 20))
    [entry] = ended_entries()
    assert ended_in_words(entry.context) == "The silence “Database upgrade” by Olga ended. Nothing was suppressed."


def test_two_that_overlap_keep_quiet_until_the_later_one_ends(alice, olga, rule_on, quiet, tick, story, now):
    rule = rule_on(alice)
    quiet(olga, rule=rule)
    quiet(olga, metric="cpu", comment="Later", starts_at=now + HOUR / 2, ends_at=now + 2 * HOUR)
    for minute in (5, 30, 60, 90):
        tick(minute, alice=(alice, 95))
    assert Notification.objects.count() == 0
    tick(120, alice=(alice, 95))
    assert Notification.objects.count() == 1
    assert story(rule) == [("rule_fired", "skipped"), ("rule_silenced", "skipped"), ("rule_unsilenced", "success")]
    first, second = ended_entries()
    assert ended_in_words(first.context).endswith(
        "1 still fires (CPU too high for Alice, still silenced by another silence)."
    )
    assert ended_in_words(second.context).endswith("1 still fires (CPU too high for Alice).")


def test_a_silence_of_one_member_never_covers_the_rules_of_another(alice, bob, rule_on, quiet, tick):
    rule_on(alice), rule_on(bob)
    quiet(alice, user=alice, metric="cpu")
    tick(5, alice=(alice, 95), bob=(bob, 95))
    assert Notification.objects.get().user == bob


def test_ended_early_it_is_told_with_who_ended_it(alice, olga, rule_on, quiet, tick, now):
    rule = rule_on(alice)
    silence = quiet(olga, rule=rule)
    tick(5, alice=(alice, 95))
    assert end(type(silence).objects.all(), alice, now + timedelta(minutes=7)) == 1
    tick(10, alice=(alice, 95))
    assert Notification.objects.count() == 1
    [entry] = ended_entries()
    assert ended_in_words(entry.context) == (
        "The silence “Database upgrade” by Olga was ended early by Alice: 1 still fires (CPU too high for Alice)."
    )
    tick(65, alice=(alice, 95))
    assert len(ended_entries()) == 1


def test_recurring_across_the_change_of_the_clocks(alice, olga, rule_on, quiet, tick, now):
    """22:00 to 06:00 in Berlin is 21:00 to 05:00 in UTC, and 20:00 to 04:00 from the 29th of March on."""
    rule_on(alice, repeat_every=timedelta(0))
    start = now.replace(month=3, day=27, hour=21, minute=0)
    quiet(olga, metric="cpu", starts_at=start, ends_at=start + timedelta(days=4), recurrence="FREQ=DAILY",
          duration=8 * HOUR, time_zone="Europe/Berlin")  # fmt: skip
    outcomes = []
    hours = [start + each * HOUR for each in range(-1, 3 * 24 - 1)]
    for hour in hours:
        before = Notification.objects.count()
        tick((hour - now) / timedelta(minutes=1), alice=(alice, 95))
        outcomes.append((hour, Notification.objects.count() > before))
    quiet_hours = [f"{hour:%d %H}" for hour, loud in outcomes if not loud]
    expected = [("27 21", "28 05"), ("28 21", "29 04"), ("29 20", "30 04")]
    assert quiet_hours == [f"{hour:%d %H}" for hour in hours if any(a <= f"{hour:%d %H}" < b for a, b in expected)]
    assert [entry.context["lasted"] for entry in ended_entries()] == ["8h", "7h", "8h"]


def test_a_tick_of_one_persons_rules_leaves_the_report_to_the_clock(alice, olga, rule_on, quiet, tick, now):
    quiet(olga, rule=rule_on(alice))
    tick(5, alice=(alice, 95))
    dispatch(now + HOUR, "page", owner=alice.pk)
    assert ended_entries() == []
    tick(65, alice=(alice, 95))
    assert len(ended_entries()) == 1


def test_told_once_however_often_it_is_asked(olga, quiet, now):
    silence = quiet(olga)
    assert [report_ended(None, now + at * HOUR) for at in (0, 1, 1, 5, 6)] == [0, 1, 0, 0, 0]
    silence.refresh_from_db()
    assert silence.reported_at == now + 5 * HOUR  # nothing is asked of it any more
    assert not type(silence).objects.unreported().exists()


def test_who_stops_in_between_leaves_neither_the_claim_nor_the_entry(olga, quiet, now, monkeypatch):
    silence = quiet(olga)
    monkeypatch.setattr("rules.silences.end_report._context", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        report_ended(None, now + HOUR)
    silence.refresh_from_db()
    assert (silence.reported_at, ended_entries()) == (None, [])
    monkeypatch.undo()
    assert report_ended(None, now + HOUR) == 1


def test_every_window_that_was_missed_is_told(olga, quiet, now):
    quiet(olga, ends_at=now + timedelta(days=6), recurrence="FREQ=DAILY", duration=HOUR)
    assert report_ended(None, now + timedelta(days=3)) == 3
    assert report_ended(None, now + timedelta(days=3, hours=2)) == 1
    assert sorted(entry.context["until"][:13] for entry in ended_entries()) == [
        "2026-03-02T11", "2026-03-03T11", "2026-03-04T11", "2026-03-05T11",
    ]  # fmt: skip
