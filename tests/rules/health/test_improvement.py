"""A rule that was mostly noise: from what the dispatcher told, over what people said, to a threshold that was tried."""

from datetime import timedelta

import pytest
from django.urls import reverse

from notifications.inbox.feedback import judge_all
from notifications.models import Notification
from rules.health.feedback_counts import precision_of
from rules.health.precision import Precision
from rules.health.suggestion import improve
from rules.models import AutomationRule
from tests.rules.health.test_noisiest import rule_on_cpu, ticks

NOISE, USEFUL = [27.0, 30.0, 31.2], 34.0


@pytest.fixture
def noisy(alice, now, pushed):
    """A rule that fired twelve times, of which three were useful."""
    rule = rule_on_cpu(alice, repeat_every=timedelta(hours=4), pending_for=timedelta(0))
    values = [value for peak in (*NOISE * 3, USEFUL, USEFUL + 1, USEFUL + 2) for value in (peak, 10)]
    ticks(values, now - timedelta(days=2), pushed, alice, apart=timedelta(hours=1))  # any closer, and it would flap
    for notification in Notification.objects.all():
        judge_all([notification], alice, notification.metadata["value"] >= USEFUL, now - timedelta(hours=1))
    return rule


def test_a_threshold_that_keeps_what_was_useful_with_its_backtest(noisy, now):
    found = improve(noisy, now)
    assert (found.precision.useful, found.precision.noise) == (3, 9)
    assert str(found) == (
        "Raise the threshold from 25 to 32: in the last 30 days 3 instead of 12 firings, "
        "all 3 useful alerts kept, 9 of 9 noisy alerts excluded."
    )
    assert (found.backtest.notified_now, found.backtest.notified_then) == (12, 3)
    assert found.link == reverse("admin:rules_automationrule_change", args=[noisy.pk]) + "?threshold=32"


def test_it_changes_nothing_by_itself(noisy, now):
    improve(noisy, now)
    noisy.refresh_from_db()
    assert noisy.threshold_value == 25


def test_once_it_is_taken_the_noise_is_forgotten(noisy, now):
    AutomationRule.objects.filter(pk=noisy.pk).update(threshold_value=32)
    assert precision_of([noisy.pk], now) == {noisy.pk: Precision(3, 0)}
    noisy.refresh_from_db()
    assert improve(noisy, now).reason == "No alert was marked as noise."


def test_no_history_no_backtest(old_rule, judged, now):
    rule = old_rule(condition_operator=">", threshold_value=25)
    judged(rule, [(40, True), (26, False)])
    assert str(improve(rule, now)) == (
        "Raise the threshold from 25 to 26: of the rated alerts, the useful alert kept, 1 of 1 noisy alerts excluded. "
        "There are no readings of the last 30 days for a backtest."
    )


def test_any_of_several_conditions(old_rule, judged, now):
    further = {"metric": "queue", "target": "", "reducer": "last", "window": 0, "operator": ">", "threshold": 3}
    rule = old_rule(more_conditions=[further], match="any", condition_operator=">", threshold_value=25)
    judged(rule, [(40, True), (10, False)])
    assert precision_of([rule.pk], now) == {rule.pk: Precision(1, 1)}
    assert "any of several" in improve(rule, now).reason


def test_noise_that_became_worse_would_still_fire(alice, now, pushed):
    """Two began mildly; one of them passed the better threshold a while later, and would have fired then."""
    rule = rule_on_cpu(alice)
    ticks([27, 10, 27, 40, 10, 34, 10], now - timedelta(days=2), pushed, alice, apart=timedelta(hours=1))
    for notification in Notification.objects.filter(metadata__event="rule_fired"):
        judge_all([notification], alice, notification.metadata["value"] == 34, now - timedelta(hours=1))
    found = improve(rule, now)
    assert (found.backtest.fired_now, found.backtest.fired_then) == (3, 2)
    assert (found.backtest.useful_kept, found.backtest.noise_dropped) == (1, 1)
    assert "2 instead of 3 firings, the useful alert kept, 1 of 2 noisy alerts excluded." in str(found)


def test_what_was_useful_and_short_may_be_lost(alice, now, pushed):
    """By its reading it would be kept, but the condition has to hold for a while, and did not above it."""
    rule = rule_on_cpu(alice, pending_for=timedelta(minutes=10))
    ticks([27, 27, 34, 27, 10], now - timedelta(days=2), pushed, alice)
    ticks([27, 27, 27, 27, 10], now - timedelta(days=1), pushed, alice)
    for notification in Notification.objects.filter(metadata__event="rule_fired"):
        judge_all([notification], alice, notification.metadata["value"] == 34, now - timedelta(hours=1))
    assert "0 instead of 2 firings, 0 of 1 useful alerts kept, 1 of 1" in str(improve(rule, now))
