"""Where nobody acknowledges, the next are told."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.escalations.engine import escalate
from notifications.escalations.steps import EscalationStep, after, begin_at, read
from notifications.models import Delivery, Escalation, EscalationPolicy, Notification
from rules.evaluation.dispatcher import dispatch
from rules.instances.handling import acknowledge, reopen, resolve, snooze
from rules.models import ActivityEntry, AutomationRule, MetricSample, RuleState
from rules.text.entry import entry_in_words
from tests.conftest import person
from tests.notifications.outside import MINUTE, START, channel_of
from tests.rules.rule_cast import rule_of, saved_by

pytestmark = pytest.mark.django_db
QUARTER = 15 * MINUTE
STEPS = [{"after": 900, "to": ["olga@example.com"]}, {"after": 1800, "to": ["ada@example.com", "owner"]}]


@pytest.fixture
def policy(olga, ada):
    return EscalationPolicy.objects.create(user=olga, name="Nights", steps=STEPS)


@pytest.fixture
def rule(alice, ada, policy):
    rule = rule_of(
        alice, rule_name="CPU", metric_type="cpu", condition_operator=">", threshold_value=90,
        action_config={"escalation": "Nights"},
    )  # fmt: skip
    return saved_by(rule, ada)


def at(user, value, now):
    MetricSample.objects.push(user=user, metric="cpu", value=value, observed_at=now - MINUTE / 2)
    dispatch(now, "test")


def escalated():
    rows = Notification.objects.filter(title__startswith="Escalated").order_by("created_at", "user__full_name")
    return [f"{one.user.full_name} {(one.created_at - START) // MINUTE}" for one in rows]


def walk(minutes, every=5):
    """Look every few minutes, as workers do."""
    for n in range(every, minutes + 1, every):
        escalate(START + n * MINUTE)


def test_each_step_tells_its_people_after_its_time_and_then_it_is_over(rule, alice):
    at(alice, 95, START)
    walk(240)
    assert escalated() == ["Olga 15", "Ada 45", "Alice 45"]
    course = Escalation.objects.get()
    assert (course.status, course.cause, course.due_at) == ("finished", "All steps are done.", None)


def test_what_it_says(rule, alice):
    at(alice, 95, START)
    walk(15)
    notification = Notification.objects.get(title__startswith="Escalated")
    assert notification.title == "Escalated: CPU"
    assert notification.message == "Not acknowledged for 15m.\nThe cpu is 95: above 90."
    assert notification.metadata["entry"] == str(ActivityEntry.objects.get(event_type="rule_fired").pk)
    assert Delivery.objects.get(notification=notification).reason == "escalated"


def test_the_story_of_the_instance_has_each_step(rule, alice):
    at(alice, 95, START)
    walk(45)
    steps = ActivityEntry.objects.filter(agent_name="escalation").order_by("created_at", "event_type")
    assert [entry_in_words(one) for one in steps] == [
        "Not acknowledged, so escalated to olga@example.com (step 1 of 2 of “Nights”).",
        "Not acknowledged after the last step of “Nights”: the escalation has ended.",
        "Not acknowledged, so escalated to ada@example.com, owner (step 2 of 2 of “Nights”).",
    ]
    assert {one.state_id for one in steps} == {RuleState.objects.get().pk}


def test_it_is_repeated_as_often_as_the_policy_says(rule, alice, policy):
    EscalationPolicy.objects.update(steps=[{"after": 600, "to": ["olga@example.com"]}], repeats=2)
    at(alice, 95, START)
    walk(240)
    assert escalated() == ["Olga 10", "Olga 20", "Olga 30"]


@pytest.mark.parametrize(
    ("verb", "cause"),
    [
        (lambda states, who: acknowledge(states, who, START + MINUTE), "Acknowledged by Alice."),
        (lambda states, who: snooze(states, who, START + MINUTE, START + 600 * MINUTE), "Snoozed by Alice."),
        (lambda states, who: resolve(states, who, START + MINUTE), "It has resolved."),
        (lambda states, who: AutomationRule.objects.update(status="paused"), "The rule is paused."),
    ],
    ids=["acknowledged", "snoozed", "resolved by hand", "paused"],
)
def test_it_stops(rule, alice, verb, cause):
    at(alice, 95, START)
    verb(RuleState.objects.all(), alice)
    walk(60)
    assert escalated() == []
    assert (Escalation.objects.get().status, Escalation.objects.get().cause) == ("stopped", cause)


def test_it_stops_when_it_has_resolved_and_a_new_episode_begins_anew(rule, alice):
    at(alice, 95, START)
    walk(15)
    at(alice, 10, START + 20 * MINUTE)
    escalate(START + 20 * MINUTE)
    at(alice, 95, START + 25 * MINUTE)
    for n in range(25, 200, 5):
        escalate(START + n * MINUTE)
    assert escalated() == ["Olga 15", "Olga 40", "Ada 70", "Alice 70"]
    assert sorted(Escalation.objects.values_list("episode", "status")) == [(1, "stopped"), (2, "finished")]


def test_it_begins_anew_where_an_acknowledgement_has_run_out_and_it_still_fires(rule, alice):
    at(alice, 95, START)
    acknowledge(RuleState.objects.all(), alice, START + MINUTE, START + 60 * MINUTE)
    walk(60)
    at(alice, 95, START + 65 * MINUTE)
    walk(80)
    assert escalated() == ["Olga 80"]


def test_it_begins_anew_with_the_next_repeat_after_it_was_reopened(rule, alice):
    AutomationRule.objects.update(repeat_every=timedelta(minutes=10))
    at(alice, 95, START)
    acknowledge(RuleState.objects.all(), alice, START + MINUTE)
    escalate(START + 5 * MINUTE)
    reopen(RuleState.objects.all(), alice, START + 6 * MINUTE)
    at(alice, 95, START + 10 * MINUTE)
    walk(30)
    assert escalated() == ["Olga 25"]


def test_a_policy_that_changes_meanwhile_changes_nothing_that_is_on_its_way(rule, alice, policy):
    at(alice, 95, START)
    EscalationPolicy.objects.update(steps=[{"after": 60, "to": ["owner"]}])
    walk(15)
    assert escalated() == ["Olga 15"]


def test_a_policy_that_is_deleted_goes_on_where_it_has_begun(rule, alice, policy):
    at(alice, 95, START)
    policy.delete()
    walk(15)
    assert escalated() == ["Olga 15"]


def test_a_policy_that_is_not_there_is_said_with_the_outcome(rule, alice, policy):
    policy.delete()
    at(alice, 95, START)
    entry = ActivityEntry.objects.get(event_type="rule_fired")
    assert entry.status == "success"
    assert "Escalation policy “Nights” was deleted" in entry.context["outcome"]["problem"]


def test_silenced_it_waits_and_goes_on_afterwards(rule, alice, olga):
    from rules.models import Silence

    at(alice, 95, START)
    silence = Silence.objects.create(
        comment="Work", starts_at=START, ends_at=START + 60 * MINUTE, created_by=olga, rule=rule
    )
    RuleState.objects.update(silence=silence)
    walk(45)
    assert escalated() == []
    RuleState.objects.update(silence=None)
    walk(60, every=60)
    assert escalated() == ["Olga 60"]


def test_many_instances_are_escalated_in_one_message(policy, olga):
    rule_of(
        olga, rule_name="CPU", metric_type="cpu", condition_operator=">", threshold_value=90, applies_to="everyone",
        action_config={"escalation": "Nights"},
    )  # fmt: skip
    for n in range(12):
        MetricSample.objects.push(
            user=person(f"P{n:02}", "members"), metric="cpu", value=95, observed_at=START - MINUTE
        )
    dispatch(START, "test")
    walk(15)
    notification = Notification.objects.get(title__startswith="Escalated")
    assert notification.title == "Escalated: CPU (12 instances)"
    assert notification.message.split("\n")[-1] == "… and 2 more."
    assert (Escalation.objects.count(), notification.metadata["count"]) == (12, 12)


def test_a_policy_of_somebody_else_is_not_for_a_rule_that_no_operator_owns_or_has_saved(rule, alice):
    rule.history.update(history_user=alice)
    at(alice, 95, START)
    walk(60)
    assert not Escalation.objects.exists()
    entry = ActivityEntry.objects.get(event_type="rule_fired")
    assert "may not be used by this rule" in entry.context["outcome"]["problem"]


def test_recipients_that_are_gone_are_a_failure_in_the_story(rule, alice, olga):
    at(alice, 95, START)
    olga.is_active = False
    olga.save()
    walk(15)
    entry = ActivityEntry.objects.get(event_type="escalation_step")
    gone = "Recipients not found: olga@example.com. The owner of the rule was notified instead."
    assert (entry.status, entry.error_message) == ("failed", gone)


def test_a_channel_of_the_policys_owner_gets_it(rule, alice, olga):
    pager = channel_of(olga, name="Pager", url="https://example.com/")
    EscalationPolicy.objects.update(steps=[{"after": 60, "to": ["channel:olga@example.com/Pager"]}])
    at(alice, 95, START)
    walk(5)
    assert Delivery.objects.get(channel=pager).reason == "escalated"


def test_a_test_fire_escalates_nothing(rule, alice):
    from rules.lifecycle.test_fire import test_fire as try_out

    try_out(rule, alice, START)
    assert Escalation.objects.count() == 0


def test_nobody_is_told_twice_by_two_workers_at_once(rule, alice):
    at(alice, 95, START)
    assert escalate(START + QUARTER) == 1
    assert escalate(START + QUARTER) == 0


step_lists = st.lists(
    st.builds(EscalationStep, st.integers(1, 100).map(lambda n: n * MINUTE), st.just(("owner",))),
    min_size=1,
    max_size=5,
)


@given(step_lists, st.integers(0, 3))
def test_every_step_comes_in_every_round_and_in_order(steps, repeats):
    place, seen = begin_at(steps, START), []
    while place:
        seen.append((place.round, place.step, place.due_at))
        place = after(steps, repeats, place.step, place.round, place.due_at)
    assert [(turn, step) for turn, step, _ in seen] == [(r, s) for r in range(repeats + 1) for s in range(len(steps))]
    assert [when for *_, when in seen] == sorted(when for *_, when in seen)
    assert seen[-1][2] == START + (repeats + 1) * sum((step.after for step in steps), timedelta(0))


names = st.sampled_from(["after", "to", "x"])
anything = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(names, inner)
)


@given(anything)
def test_whatever_is_kept_is_read_or_left_out(kept):
    assert all(isinstance(step, EscalationStep) for step in read(kept))
