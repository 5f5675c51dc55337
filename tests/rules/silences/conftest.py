"""Silences, and rules on a pushed metric that are easily made to fire."""

from datetime import timedelta

import pytest

from rules.evaluation.dispatcher import dispatch
from rules.models import ActivityEntry, AutomationRule, MetricSample, Silence


@pytest.fixture
def rule_on():
    """`cpu > 90, alert`."""

    def make(user, **fields):
        given = {
            "rule_name": "CPU too high", "metric_type": "cpu", "condition_operator": ">", "threshold_value": 90,
            "action_type": "alert",
        } | fields  # fmt: skip
        return AutomationRule.objects.create(user=user, **given)

    return make


@pytest.fixture
def quiet(now):
    """A silence from now on, for an hour."""

    def make(maker=None, **fields):
        given = {
            "comment": "Database upgrade", "created_by": maker, "starts_at": now,
            "ends_at": now + timedelta(hours=1),
        } | fields  # fmt: skip
        return Silence.objects.create(**given)

    return make


@pytest.fixture
def tick(now):
    """Push a reading of cpu for each person, and evaluate, so many minutes from now."""

    def evaluate(minutes, **readings):
        at = now + timedelta(minutes=minutes)
        for user, value in readings.values():
            MetricSample.objects.push(user=user, metric="cpu", value=value, observed_at=at)
        return dispatch(at, "schedule")

    return evaluate


@pytest.fixture
def story():
    """The events of a rule, in their order: what was written, and how it went."""

    def events_of(rule):
        rows = ActivityEntry.objects.filter(rule=rule).exclude(event_type="silence_ended")
        return list(rows.order_by("created_at", "id").values_list("event_type", "status"))

    return events_of
