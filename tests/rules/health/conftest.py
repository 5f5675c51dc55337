"""What is found of a rule, and a past for it."""

from datetime import timedelta

import pytest

from rules.health.examination import findings_of
from rules.models import ActivityEntry, Feedback, MetricSample
from tests.entries import change_entries
from tests.rules.rule_cast import entry_of, rule_of

DAY = timedelta(days=1)


@pytest.fixture
def old_rule(alice, now):
    """A rule of Alice's that has been there for a year and fired an hour ago: nothing is wrong with it."""

    def make(**fields):
        past = {"created_at": now - 365 * DAY, "last_triggered_at": now - timedelta(hours=1)}
        return rule_of(fields.pop("user", alice), **past | fields)

    return make


@pytest.fixture
def found(now):
    """What is found of a rule: the words of each kind."""
    return lambda rule: {finding.kind: finding.words for finding in findings_of(rule.pk, now)}


@pytest.fixture
def judged(now):
    """Firings of a rule at some readings, each judged by its owner."""

    def judge(rule, readings, at=None, **context):
        for value, useful in readings:
            entry = entry_of(rule, at or now - DAY)
            entry.context |= {"metric": rule.metric_type, "value": value} | context
            change_entries(ActivityEntry.objects.filter(pk=entry.pk), context=entry.context)
            Feedback.objects.create(rule=rule, entry=entry, user=rule.user, useful=useful, created_at=at or now - DAY)

    return judge


@pytest.fixture
def pushed():
    """A sample of somebody."""

    def push(user, at, metric="cpu", value=50.0, target=""):
        return MetricSample.objects.push(user=user, metric=metric, target=target, value=value, observed_at=at)

    return push
