"""Why did it not fire at …: recomputed from the history."""

from datetime import UTC, datetime, timedelta

import pytest

from rules.backtesting.explanation import explain
from rules.explain.replay import answer, condition_in_words, steps_in_words
from rules.lifecycle.recycle_bin import delete, undelete
from rules.models import AutomationRule, MetricSample, Silence
from tests.api import Program
from tests.rules.rule_cast import rule_of

START = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
TICK = timedelta(minutes=5)


@pytest.fixture
def rule(alice):
    """Above 90 for two checks; the CPU is above from 10:10 to 10:30."""
    for n in range(13):
        value = 95 if 2 <= n <= 6 else 50
        MetricSample.objects.push(user=alice, metric="cpu", value=value, observed_at=START + n * TICK)
    rule = rule_of(alice, metric_type="cpu", condition_operator=">", threshold_value=90, pending_for=2 * TICK)
    rule.history.update(history_date=START - TICK)
    return rule


@pytest.mark.parametrize(
    ("minutes", "says"),
    [
        (5, "State unchanged (ok): the condition was not met."),
        (10, "At this evaluation the instance became pending."),
        (15, "The instance had been pending for 5m; the rule fires after 10m."),
        (20, "At this evaluation the instance fired; the action ran."),
        (25, "Already firing; the rule repeats every 4h, and the last action ran 5m earlier."),
        (35, "At this evaluation the instance resolved."),
        (37, "At this evaluation the instance resolved."),  # the check before that time
        (60, "State unchanged (ok): the condition was not met."),
    ],
)
def test_what_happened_then(alice, rule, minutes, says):
    assert answer(explain(rule, alice.pk, START + timedelta(minutes=minutes)))[0] == says


def test_the_conditions_have_their_numbers_and_the_steps_before_their_times(alice, rule):
    why = explain(rule, alice.pk, START + 4 * TICK)
    wording = [condition_in_words(observed) for observed in why.observed]
    assert wording == ["cpu was 95 (threshold: above 90): met."]
    assert steps_in_words(why)[-1] == (START + 2 * TICK, "became pending")


def test_it_is_the_rule_as_it_then_was(alice, rule):
    rule.threshold_value = 10
    rule.save()
    rule.history.filter(threshold_value=10).update(history_date=START + 8 * TICK)
    before, after = (explain(rule, alice.pk, START + n * TICK) for n in (1, 9))
    assert (before.version, float(before.rule.threshold_value), before.verdict) == (1, 90.0, "clear")
    assert (after.version, float(after.rule.threshold_value), after.verdict) == (2, 10.0, "met")
    assert explain(rule, alice.pk, START - 9 * TICK).version == 0


def test_silences_and_rules_that_were_paused(alice, rule):
    Silence.objects.create(user=alice, comment="Upgrade", rule=rule, starts_at=START, ends_at=START + 5 * TICK)
    text = answer(explain(rule, alice.pk, START + 4 * TICK))
    assert "no action ran: Silenced by “Upgrade”" in text[0]
    rule.history.update(status="paused")
    assert answer(explain(rule, alice.pk, START))[0] == "The rule was not evaluated: it was paused at that time."


def test_before_the_rule_was_made_and_while_it_was_in_the_recycle_bin(alice, rule):
    assert answer(explain(rule, alice.pk, START - 2 * TICK)) == [
        "The rule did not exist yet: it was created on 2 Mar 2026, 09:55."
    ]
    delete(AutomationRule.objects.filter(pk=rule.pk), alice, START)
    undelete(AutomationRule.binned.filter(pk=rule.pk), alice, START + 4 * TICK)
    rule.history.filter(status="disabled").update(history_date=START)
    text = answer(explain(rule, alice.pk, START + 3 * TICK))
    assert text == ["The rule was not evaluated: it was in the recycle bin at that time."]


def test_a_rule_that_another_program_made_was_there_before_its_history(alice, rule):
    rule.history.update(history_type="~")
    assert answer(explain(rule, alice.pk, START - 2 * TICK))[0] == "State unchanged (no data): there was no reading."


def test_without_readings(alice, rule):
    MetricSample.objects.all().delete()
    why = explain(rule, alice.pk, START)
    assert answer(why)[0] == "State unchanged (no data): there was no reading."
    assert condition_in_words(why.observed[0]) == "cpu: no reading (threshold: above 90)."


def test_the_page_answers_and_says_that_it_is_recomputed(client_of, alice, bob, rule):
    client = client_of(alice)
    page = client.get(f"/rules/{rule.pk}/why/", {"at": "2026-03-02T10:20"}).content.decode()
    assert "At this evaluation the instance fired; the action ran." in page
    assert "Recomputed from stored readings" in page
    assert "version 1 of the rule" in page
    for wrong, says in (
        ("soon", "is not a time"),
        ("2999-01-01T00:00", "in the future"),
        ("1999-01-01T00:00", "no readings from that time"),
    ):
        assert says in client.get(f"/rules/{rule.pk}/why/", {"at": wrong}).content.decode()
    asked_of_now = client.get(f"/rules/{rule.pk}/why/").content.decode()
    assert "State unchanged (no data)" in asked_of_now
    assert "evaluation of" in asked_of_now
    assert client_of(bob).get(f"/rules/{rule.pk}/why/").status_code == 404


def test_a_rule_on_everyone_is_asked_about_one_of_them(client_of, alice, bob, olga, rule):
    rule.applies_to = "everyone"
    rule.save()
    rule.history.update(history_date=START - TICK)
    page = client_of(olga).get(f"/rules/{rule.pk}/why/", {"at": "2026-03-02T10:20", "person": str(bob.pk)})
    assert "there was no reading" in page.content.decode()


def test_by_rest(alice, bob, rule):
    found = Program(alice).get(f"rules/{rule.pk}/why/?at=2026-03-02T10:15:00Z")
    assert found["answer"] == ["The instance had been pending for 5m; the rule fires after 10m."]
    assert (found["state"], found["verdict"], found["version"]) == ("pending", "met", 1)
    assert found["conditions"][0]["value"] == 95
    assert "Enter a time" in Program(alice).get(f"rules/{rule.pk}/why/", status=400)["at"][0]
    for wrong in ("at=soon", "at=2999-01-01T00:00:00Z", "at=2026-03-02T10:15:00Z&person=nobody"):
        Program(alice).get(f"rules/{rule.pk}/why/?{wrong}", status=400)
    Program(bob).get(f"rules/{rule.pk}/why/?at=2026-03-02T10:15:00Z", status=404)
