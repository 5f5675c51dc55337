"""Why an entry of the activity log says what it says: on its page and by REST, from what was written with it."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from notifications.models import Notification
from rules.evaluation.dispatcher import dispatch
from rules.explain.decisions import reasons_of
from rules.explain.evidence import evidence_for, outcome_links
from rules.explain.replay import condition_in_words
from rules.instances.handling import comment_on
from rules.lifecycle.test_fire import test_fire
from rules.models import ActivityEntry, AutomationRule, MetricSample, RuleState, Silence
from rules.text.entry import entry_in_words
from rules.text.event_names import event_choices
from tests.api import Program
from tests.examples import examples
from tests.rules.evaluation.test_series import on_load, push
from tests.rules.rule_cast import entry_of, rule_of

START = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
TICK = timedelta(minutes=5)
CPU = {"metric_type": "cpu", "condition_operator": ">", "threshold_value": 90}


def live(person, values):
    """A check for each value, five minutes apart; None pushes nothing."""
    for number, value in enumerate(values):
        if value is not None:
            MetricSample.objects.push(user=person, metric="cpu", value=value, observed_at=START + number * TICK)
        dispatch(START + number * TICK, "command")


def entry(event, number=0):
    return ActivityEntry.objects.filter(event_type=event).order_by("created_at")[number]


def reasons(event, number=0):
    return " ".join(reasons_of(evidence_for(entry(event, number), ActivityEntry.objects.all())))


def page(client, one):
    answer = client.get(f"/activity/{one.pk}/change/")
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize("changed", [{"matchers": ['host="b"']}, {"series_mode": "one"}])
def test_a_series_that_the_rule_leaves_out_by_now(client_of, alice, changed):
    push(START, {"host=a": 95})
    rule = on_load(alice, recovery_threshold=50)
    rule.history.update(history_date=START - TICK)
    dispatch(START, "command")
    vars(rule).update(changed)
    rule.save()
    rule.history.filter(history_date__gt=START).update(history_date=START + TICK)
    dispatch(START + TICK, "command")
    assert reasons("rule_resolved").startswith("The rule was changed, or the person deactivated")
    shown = page(client_of(alice), entry("rule_resolved"))
    assert "no reading was evaluated (threshold: above 90)." in shown
    assert "<span>Series</span>" in shown
    assert "No readings in this period" not in shown


@pytest.fixture
def life(alice):
    """Above 90 for two checks, kept open for one, repeated every quarter of an hour."""
    rule = rule_of(
        alice, **CPU, pending_for=2 * TICK, keep_firing_for=2 * TICK, repeat_every=3 * TICK, recovery_threshold=80
    )
    live(alice, [50, 95, 96, 97, 97, 97, 97, 85, 70, 91, 70, 70, 70])
    return rule


@pytest.mark.parametrize(
    ("event", "says"),
    [
        ("rule_pending", "The rule fires once the condition has been met for 10m (2 checks)."),
        ("rule_fired", "The condition had been met for 10 minutes; the rule fires after 10m (2 checks)."),
        ("rule_fired", "Action alert succeeded."),
        ("rule_repeated", "The last action ran 15 minutes earlier; the rule repeats every 15 minutes."),
        ("rule_recovering", "The alert stays open for 10m (2 checks) after clearing."),
        ("rule_relapsed", "The condition had been clear for 5 minutes, which is too short to resolve."),
        ("rule_resolved", "The condition had been clear for 10 minutes; the rule keeps firing for 10m (2 checks)."),
    ],
)
def test_what_the_timers_did(life, event, says):
    assert says in reasons(event)


def test_what_silences_and_people_did(alice):
    rule = rule_of(alice, **CPU, critical_threshold=99)
    Silence.objects.create(user=alice, comment="Upgrade", rule=rule, starts_at=START, ends_at=START + 2 * TICK)
    live(alice, [95, 95, 95])
    assert "Action alert was skipped: Silenced by “Upgrade”" in reasons("rule_fired")
    assert "has ended and the alert still fires" in reasons("rule_unsilenced")
    rule.states.update(handling="acknowledged", handled_until=START + 4 * TICK)
    live(alice, [None, None, None, 95, 95, 99.5])
    assert "The alert had been acknowledged, and that period has ended." in reasons("rule_reminded")
    assert "The critical threshold was passed: above 99." in reasons("rule_escalated")


def test_drafts_missing_data_and_tests_say_so(alice):
    draft = rule_of(alice, **CPU, status="draft")
    live(alice, [95])
    assert "Action alert was skipped: The rule is a draft." in reasons("rule_fired")
    draft.delete()
    fires = rule_of(alice, **CPU | {"metric_type": "nobody_pushes_it"}, no_data_policy="fire")
    keeps = rule_of(alice, **CPU | {"metric_type": "nor_this"})
    dispatch(START + TICK, "command")
    assert "on no data the rule fires." in reasons("rule_fired", 1)
    assert "On no data the rule keeps the last state." in reasons("rule_no_data")
    tried = test_fire(keeps, alice, START)
    assert "Alice ran a test of the rule" in " ".join(reasons_of(evidence_for(tried, ActivityEntry.objects.all())))
    assert (fires.entries.count(), evidence_for(tried, ActivityEntry.objects.all()).version) == (1, 1)


def test_the_page_shows_the_readings_the_version_then_what_was_made_and_the_steps_around(client_of, alice, bob, life):
    life.threshold_value = 10
    life.save()
    shown = page(client_of(alice), entry("rule_fired"))
    assert "cpu was 97 (threshold: above 90): met." in shown
    assert "Rule at that time (version 1): When the cpu of Alice is above 90 for 2 checks" in shown
    assert f'href="/notifications/{Notification.objects.order_by("created_at")[0].pk}/change/"' in shown
    assert "The cpu of Alice is 95: above 90, pending." in shown  # the step before
    assert "The cpu of Alice is 97: still above 90." in shown  # the step after
    assert '"lines": {"threshold": 90.0, "recovery": 80.0}' in shown
    assert client_of(bob).get(f"/activity/{entry('rule_fired').pk}/change/").status_code == 404


def test_a_run_that_may_not_be_seen_is_named_without_a_link_that_leads_nowhere(client_of, alice, olga, life):
    one = entry("rule_fired")
    link = f"/runs/{one.run_id}/"
    for person in (alice, olga):
        client = client_of(person)
        is_seen = client.get(f"{link}change/").status_code == 200
        assert (link in page(client, one)) == is_seen


def test_each_of_several_conditions_has_its_numbers(client_of, alice):
    more = [{"metric": "memory", "target": "", "reducer": "max", "window": 600, "operator": ">", "threshold": 50}]
    rule_of(alice, **CPU, match="all", more_conditions=more)
    MetricSample.objects.push(user=alice, metric="memory", value=77, observed_at=START - TICK)
    live(alice, [95])
    shown = page(client_of(alice), entry("rule_fired"))
    assert "cpu was 95 (threshold: above 90): met." in shown
    assert "The highest of memory within 10m was 77 (threshold: above 50): met." in shown
    assert "Fires when all conditions are met." in shown


def test_entries_of_rules_that_are_gone_and_of_other_programs_have_a_page(client_of, alice, now):
    gone = entry_of(rule_of(alice), now)
    AutomationRule.objects.all().delete()
    assert "Fusion score was 63 (threshold: below 70)." in page(client_of(alice), gone)
    for facts in ({}, [], {"metric": 5, "operator": {}, "value": "x", "since": "soon", "outcome": []}, "words"):
        theirs = ActivityEntry.objects.create(user=alice, event_type="sync", action_taken="none", context=facts)
        assert "sync" in page(client_of(alice), theirs).lower()
        Program(alice).get(f"activity/{theirs.pk}/why/")
    assert client_of(alice).get("/activity/nothing/change/").status_code == 404


JSON = st.one_of(
    st.sampled_from(["cpu", ">", "met", "acknowledged", "2026-03-02T10:00:00", "2026-03-02T10:00:00Z", 1e300, -1e300]),
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=8),
    st.lists(st.integers(), max_size=2), st.dictionaries(st.text(max_size=4), st.integers(), max_size=2),
)  # fmt: skip
NAMES = (
    "metric", "operator", "threshold", "value", "verdict", "since", "last_acted", "rule_version", "from", "to",
    "handling", "critical", "reason", "outcome", "observed_at", "conditions", "window", "reducer", "target", "by_name",
    "until", "assignee", "comment", "still_firing", "resolved", "still_firing_instances", "made_by", "message",
)  # fmt: skip
FACTS = st.fixed_dictionaries({}, optional=dict.fromkeys(NAMES, JSON))


@settings(max_examples=examples(150))
@given(st.sampled_from([kind for kind, _ in event_choices()]), FACTS | JSON, st.lists(FACTS, max_size=2))
def test_whatever_another_program_wrote_there_is_an_account(event, facts, conditions):
    if isinstance(facts, dict) and conditions:
        facts = facts | {"conditions": conditions}
    theirs = ActivityEntry(event_type=event, action_taken="alert", context=facts, created_at=START)
    account = evidence_for(theirs, ActivityEntry.objects.none())
    assert all(isinstance(text, str) for text in reasons_of(account))
    assert all(condition_in_words(observed) for observed in account.observed)
    assert isinstance(outcome_links(theirs), list)
    assert isinstance(entry_in_words(theirs), str)


def test_by_rest(alice, bob, life):
    found = Program(alice).get(f"activity/{entry('rule_fired').pk}/why/")
    assert (found["before"], found["after"], found["waited"], found["version"]) == ("pending", "firing", 600, 1)
    assert found["answer"][1] == "The condition had been met for 10 minutes; the rule fires after 10m (2 checks)."
    assert (found["conditions"][0]["value"], found["conditions"][0]["verdict"]) == (97, "met")
    assert found["outcome"]["status"] == "success"
    assert [step["words"] for step in found["steps_before"]] == ["The cpu is 95: above 90, pending."]
    assert len(found["steps_after"]) == 4
    Program(bob).get(f"activity/{entry('rule_fired').pk}/why/", status=404)


def test_what_people_did_names_the_version_of_the_rule_as_it_then_was(alice, life):
    state = life.states.get()
    comment_on(RuleState.objects.filter(pk=state.pk), alice, timezone.now(), "It is the backup.")
    comment_entry = entry("instance_commented")
    life.threshold_value = 80
    life.save()
    account = evidence_for(comment_entry, ActivityEntry.objects.all())
    assert (account.version, float(account.rule.threshold_value)) == (1, 90.0)


def test_an_entry_without_an_action_has_no_outcome(client_of, alice, now):
    """That an optimization was applied is not said to be nothing."""
    applied = entry_of(rule_of(alice), now, event_type="optimization_applied", action_taken="none", status="success")
    acted = entry_of(applied.rule, now)
    client = client_of(alice)
    assert "<span>Result</span>" not in client.get(f"/activity/{applied.pk}/change/").content.decode()
    assert "<span>Result</span>" in client.get(f"/activity/{acted.pk}/change/").content.decode()
