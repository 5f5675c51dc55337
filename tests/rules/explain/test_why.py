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
        MetricSample.objects.create(user=alice, metric="cpu", value=value, observed_at=START + n * TICK)
    rule = rule_of(alice, metric_type="cpu", condition_operator=">", threshold_value=90, pending_for=2 * TICK)
    rule.history.update(history_date=START - TICK)
    return rule


@pytest.mark.parametrize(
    ("minutes", "says"),
    [
        (5, "It stayed ok: its condition did not hold."),
        (10, "At this check it became pending."),
        (15, "It was pending for 5m; it fires after 10m."),
        (20, "At this check it fired, and its action was run."),
        (25, "It fired already; it acts again every 4h, and had acted 5m before."),
        (35, "At this check it resolved."),
        (37, "At this check it resolved."),  # the check before that time
        (60, "It stayed ok: its condition did not hold."),
    ],
)
def test_what_happened_then(alice, rule, minutes, says):
    assert answer(explain(rule, alice.pk, START + timedelta(minutes=minutes)))[0] == says


def test_the_conditions_have_their_numbers_and_the_steps_before_their_times(alice, rule):
    why = explain(rule, alice.pk, START + 4 * TICK)
    said = [condition_in_words(heard) for heard in why.heard]
    assert said == ["cpu was 95; it is to be above 90, so the condition holds."]
    assert steps_in_words(why)[-1] == (START + 2 * TICK, "it became pending")


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
    said = answer(explain(rule, alice.pk, START + 4 * TICK))
    assert "its action was not run: Silenced by “Upgrade”" in said[0]
    rule.history.update(status="paused")
    assert answer(explain(rule, alice.pk, START))[0] == "It was not evaluated: the rule was paused then."


def test_before_the_rule_was_made_and_while_it_was_in_the_recycle_bin(alice, rule):
    assert answer(explain(rule, alice.pk, START - 2 * TICK)) == [
        "It was not there yet: the rule was made on 2026-03-02 09:55."
    ]
    delete(AutomationRule.objects.filter(pk=rule.pk), alice, START)
    undelete(AutomationRule.binned.filter(pk=rule.pk), alice, START + 4 * TICK)
    rule.history.filter(status="disabled").update(history_date=START)
    said = answer(explain(rule, alice.pk, START + 3 * TICK))
    assert said == ["It was not evaluated: the rule was in the recycle bin then."]


def test_a_rule_that_another_program_made_was_there_before_its_history(alice, rule):
    rule.history.update(history_type="~")
    assert answer(explain(rule, alice.pk, START - 2 * TICK))[0] == "It stayed without data: there was no reading."


def test_without_readings(alice, rule):
    MetricSample.objects.all().delete()
    why = explain(rule, alice.pk, START)
    assert answer(why)[0] == "It stayed without data: there was no reading."
    assert condition_in_words(why.heard[0]) == "cpu: there was no reading; it is to be above 90."


def test_the_page_answers_and_says_that_it_is_recomputed(client_of, alice, bob, rule):
    client = client_of(alice)
    page = client.get(f"/rules/{rule.pk}/why/", {"at": "2026-03-02T10:20"}).content.decode()
    assert "At this check it fired, and its action was run." in page
    assert "recomputed from the readings that were kept" in page
    assert "version 1 of the rule" in page
    for wrong, says in (
        ("soon", "is not a time"),
        ("2999-01-01T00:00", "still to come"),
        ("1999-01-01T00:00", "that old"),
    ):
        assert says in client.get(f"/rules/{rule.pk}/why/", {"at": wrong}).content.decode()
    asked_of_now = client.get(f"/rules/{rule.pk}/why/").content.decode()
    assert "It stayed without data" in asked_of_now
    assert "at the check of" in asked_of_now
    assert client_of(bob).get(f"/rules/{rule.pk}/why/").status_code == 404


def test_a_rule_on_everyone_is_asked_about_one_of_them(client_of, alice, bob, olga, rule):
    rule.applies_to = "everyone"
    rule.save()
    rule.history.update(history_date=START - TICK)
    page = client_of(olga).get(f"/rules/{rule.pk}/why/", {"at": "2026-03-02T10:20", "person": str(bob.pk)})
    assert "there was no reading" in page.content.decode()


def test_by_rest(alice, bob, rule):
    found = Program(alice).get(f"rules/{rule.pk}/why/?at=2026-03-02T10:15:00Z")
    assert found["answer"] == ["It was pending for 5m; it fires after 10m."]
    assert (found["state"], found["verdict"], found["version"]) == ("pending", "met", 1)
    assert found["conditions"][0]["value"] == 95
    assert "Say which time" in Program(alice).get(f"rules/{rule.pk}/why/", status=400)["at"][0]
    for wrong in ("at=soon", "at=2999-01-01T00:00:00Z", "at=2026-03-02T10:15:00Z&person=nobody"):
        Program(alice).get(f"rules/{rule.pk}/why/?{wrong}", status=400)
    Program(bob).get(f"rules/{rule.pk}/why/?at=2026-03-02T10:15:00Z", status=404)
