"""Each thing that can be wrong with a rule: found where it is, and not where it is not."""

from datetime import timedelta

import pytest

from rules.models import AutomationRule, Silence
from tests.rules.health.conftest import DAY
from tests.rules.rule_cast import entry_of, rule_of, state_of

HOUR = timedelta(hours=1)


def test_nothing_is_wrong_with_a_rule_that_fires_now_and_then(old_rule, found, now):
    rule = old_rule()
    state_of(rule, now - 2 * HOUR, fired_at=now - 2 * HOUR)
    assert found(rule) == {}


@pytest.mark.parametrize(("age", "last", "words"), [
    (89, None, None),
    (91, None, "Never fired in the 91 days since it was created."),
    (200, 95, "Last fired 95 days ago."),
    (200, 89, None),
])  # fmt: skip
def test_not_fired(old_rule, found, now, age, last, words):
    rule = old_rule(created_at=now - age * DAY, last_triggered_at=last and now - last * DAY)
    assert found(rule).get("never_fired") == words


def test_only_rules_that_are_evaluated_are_looked_at(old_rule, found, now):
    for status in ("paused", "disabled"):
        assert found(old_rule(last_triggered_at=None, status=status)) == {}
    binned = old_rule(last_triggered_at=None)
    AutomationRule.objects.filter(pk=binned.pk).update(deleted_at=now)
    assert found(binned) == {}


@pytest.mark.parametrize(
    ("firing", "words"),
    [
        (8, "The rule has been firing for 8 days without interruption."),
        (6, None),
    ],
)
def test_firing_without_a_break(old_rule, found, now, firing, words):
    rule = old_rule()
    state_of(rule, now - firing * DAY, "recovering", fired_at=now - firing * DAY)
    assert found(rule).get("always_firing") == words


def test_firing_for_many(old_rule, found, now, olga, alice, bob):
    rule = old_rule(user=olga, applies_to="everyone")
    for days, person in ((9, alice), (8, bob), (1, olga)):
        state_of(rule, now - days * DAY, user=person, fired_at=now - days * DAY)
    assert found(rule)["always_firing"] == "For 2 people the rule has been firing for 9 days without interruption."


def episodes(rule, state, *spans):
    """The entries of episodes, from so many days ago to so many days ago; 0 is still open."""
    for number, (start, end) in enumerate(spans, 1):
        entry_of(rule, start, state=state, context={"episode": number, "from": "ok"})
        if end:
            entry_of(rule, end, state=state, event_type="rule_resolved", context={"episode": number, "from": "firing"})


@pytest.mark.parametrize(
    ("condition", "breaks", "percent"),
    [
        ("firing", 1, 93),
        ("firing", 2, None),
        ("ok", 1, None),  # its last hours it was ok
    ],
)
def test_firing_most_of_the_time(old_rule, found, now, condition, breaks, percent):
    rule = old_rule()
    fired = now - 5 * DAY if condition == "firing" else None
    state = state_of(rule, now - 0.5 * DAY, condition, fired_at=fired, episode=2)
    end = None if condition == "firing" else now - 0.5 * DAY
    episodes(rule, state, (now - 20 * DAY, now - (5 + breaks) * DAY), (now - 5 * DAY, end))
    words = found(rule).get("always_firing")
    assert words == (percent and f"The rule was firing {percent} % of the last 14 days.")


def test_resolved_an_hour_ago_and_yet_always_firing(old_rule, found, now):
    rule = old_rule()
    state = state_of(rule, now - HOUR, "ok", episode=1)
    episodes(rule, state, (now - 40 * DAY, now - HOUR))
    assert found(rule)["always_firing"] == "The rule was firing 100 % of the last 14 days."


def test_flapping_that_is_held_open(old_rule, found, now):
    rule = old_rule()
    state_of(rule, now - HOUR, "recovering", flapping=True, changes=[now - HOUR, now - HOUR / 2])
    assert found(rule)["flapping"] == "The rule changed state 2 times within 30 minutes."


@pytest.mark.parametrize(("minutes", "ago", "flaps"), [(60, 2, True), (106, 2, False), (60, 30, False)])
def test_seven_changes_within_twenty_one_ticks(old_rule, found, now, minutes, ago, flaps):
    last = now - ago * HOUR
    changes = [last - timedelta(minutes=minutes) * (6 - number) / 6 for number in range(7)]
    rule = old_rule()
    state_of(rule, last, "ok", changes=changes)
    assert ("flapping" in found(rule)) is flaps


@pytest.mark.parametrize(("count", "words"), [(11, "The rule fired 11 times in 24 hours."), (10, None)])
def test_many_episodes_in_a_day(old_rule, found, now, count, words):
    rule = old_rule()
    state = state_of(rule, now - HOUR, episode=40, fired_at=now - HOUR)
    spans = [(now - (2 * number + 2) * HOUR, now - (2 * number + 1) * HOUR) for number in range(count)]
    episodes(rule, state, *spans)
    assert found(rule).get("flapping") == words


def test_the_owner_is_deactivated(old_rule, found, bob):
    bob.is_active = False
    bob.save()
    assert found(old_rule(user=bob, action_type="log"))["owner_gone"] == (
        "Bob is deactivated, so the rule is not evaluated."
    )
    assert "owner_gone" not in found(old_rule(user=bob))  # whom an alert tells, notifications look at


def test_a_metric_that_nobody_pushes(old_rule, found, now, pushed, alice, bob):
    rule = old_rule(metric_type="cpu")
    pushed(bob, now - HOUR)
    pushed(alice, now - HOUR, target="db")
    assert "was ever pushed for the owner" in found(rule)["unknown_metric"]
    pushed(alice, now - 9 * DAY)
    assert found(rule)["unknown_metric"] == "The last sample of “cpu” for the owner was pushed 9 days ago."
    pushed(alice, now - 6 * DAY)
    assert "unknown_metric" not in found(rule)


def test_samples_of_the_platform_count_for_everybody(old_rule, found, now, pushed):
    rule = old_rule(metric_type="cpu")
    pushed(None, now - HOUR)
    assert "unknown_metric" not in found(rule)


def test_a_rule_on_everyone_needs_samples_of_anyone(old_rule, found, now, pushed, olga, bob):
    rule = old_rule(user=olga, applies_to="everyone", metric_type="cpu", target_integration="db")
    assert "for anyone in 7 days" in found(rule)["unknown_metric"]
    pushed(bob, now - HOUR, target="db")
    assert "unknown_metric" not in found(rule)


def test_every_condition_is_looked_at(old_rule, found):
    further = {"metric": "queue", "target": "", "reducer": "last", "window": 0, "operator": ">", "threshold": 3}
    assert "“queue”" in found(old_rule(more_conditions=[further]))["unknown_metric"]


def silence(alice, now, start, end, **fields):
    return Silence.objects.create(
        **{"user": alice, "created_by": alice, "comment": "Upgrade", "starts_at": now + start * DAY,
           "ends_at": now + end * DAY} | fields
    )  # fmt: skip


@pytest.mark.parametrize(("spans", "words"), [
    ([(-8, 1)], "Silenced for 8 days, now by “Upgrade”."),
    ([(-6, 1)], None),
    ([(-9, -4), (-5, 2)], "Silenced for 9 days, now by “Upgrade”."),
    ([(-9, -5), (-4, 2)], None),
    ([(-9, -1)], None),
])  # fmt: skip
def test_silenced_for_long(old_rule, found, alice, now, spans, words):
    rule = old_rule()
    for start, end in spans:
        silence(alice, now, start, end, rule=rule)
    assert found(rule).get("silenced_long") == words


@pytest.mark.parametrize(("matchers", "is_found"), [
    ({"metric": "fusion_score"}, True),
    ({"metric": "cpu"}, False),
    ({"labels": {"team": "db"}}, True),
    ({"labels": {"team": "web"}}, False),
    ({"metric": "fusion_score", "user": None}, True),
])  # fmt: skip
def test_whatever_the_silence_is_for(old_rule, found, alice, now, matchers, is_found):
    rule = old_rule(labels={"team": "db"})
    silence(alice, now, -8, 1, **matchers)
    assert ("silenced_long" in found(rule)) is is_found


def test_the_silence_of_one_person_does_not_silence_a_rule_on_everyone(old_rule, found, olga, bob, alice, now):
    rule = old_rule(user=olga, applies_to="everyone")
    silence(alice, now, -8, 1, user=None, rule=rule, person=bob)
    assert "silenced_long" not in found(rule)


def test_a_recurring_silence_that_never_ends(old_rule, found, alice, now):
    rule = old_rule()
    silence(alice, now, -30, 30, rule=rule, recurrence="FREQ=DAILY", duration=DAY)
    assert "silenced_long" in found(rule)
    nightly = old_rule()
    silence(alice, now, -30, 30, rule=nightly, recurrence="FREQ=DAILY", duration=8 * HOUR)
    assert "silenced_long" not in found(nightly)


def test_failed_actions(old_rule, found, now):
    rule = old_rule()
    for ago in (HOUR, 2 * HOUR, 3 * DAY, 8 * DAY):
        entry_of(rule, now - ago, status="failed", error_message="The door is shut.")
    assert found(rule)["failing"] == (
        "In 7 days the action failed 3 times; 2 of them in the last 24 hours. Last: The door is shut."
    )


def test_a_source_that_cannot_be_read(old_rule, found, now):
    rule = old_rule()
    state_of(rule, now - 9 * DAY, "error", reason="no connection")
    assert found(rule)["failing"] == "1 instance cannot be read now, the first for 9 days. Last: no connection."
    entry_of(rule, now - DAY / 2, event_type="rule_error", action_taken="none", status="failed", error_message="gone")
    assert found(rule)["failing"].startswith("In 7 days the metric could not be read once; 1 of them in the last 24")


@pytest.mark.parametrize(("days", "words"), [(4, "No readings for 4 days."), (2, None)])
def test_no_data_for_long(old_rule, found, now, days, words):
    rule = old_rule()
    state_of(rule, now - days * DAY, "no_data")
    assert found(rule).get("without_data") == words


def test_on_everyone_most_must_be_without_data(old_rule, found, now, olga, alice, bob):
    rule = old_rule(user=olga, applies_to="everyone")
    state_of(rule, now - 4 * DAY, "no_data", user=bob)
    assert "without_data" not in found(rule)
    state_of(rule, now - 5 * DAY, "no_data", user=alice)
    assert found(rule)["without_data"].startswith("No readings for 2 people, most of those watched")


def test_forgotten_drafts(found, alice, now):
    rule = rule_of(alice, status="draft")
    AutomationRule.objects.filter(pk=rule.pk).update(updated_at=now - 31 * DAY)
    assert found(rule) == {"forgotten_draft": "Draft, unchanged for 31 days."}
    AutomationRule.objects.filter(pk=rule.pk).update(updated_at=now - 29 * DAY)
    assert found(rule) == {}


def test_mostly_noise(old_rule, found, judged):
    rule = old_rule(condition_operator=">", threshold_value=25)
    judged(rule, [(40, True), *[(26, False)] * 9])
    assert found(rule)["imprecise"].startswith("1 of 10 rated alerts was useful: 10 %")


def test_noise_that_it_would_not_tell_any_more_is_forgotten(old_rule, found, judged, now):
    rule = old_rule(condition_operator=">", threshold_value=30)
    judged(rule, [(40, True), *[(26, False)] * 9])
    judged(rule, [(40, False)] * 9, at=now - 91 * DAY)
    judged(rule, [(40, False)] * 9, metric="another")
    assert "imprecise" not in found(rule)
