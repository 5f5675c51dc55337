"""Only the readings that count are read: of one metric for a preview, of one person for their own rules."""

from datetime import timedelta

import pytest
from django.db import transaction

from rules.evaluation.dispatcher import dispatch
from rules.evaluation.readings import gather
from rules.models import FusionScore, MetricSample
from tests.rules.evaluation.test_dispatcher import rule_of, sample


@pytest.fixture
def scores(alice, bob, now):
    for person in (alice, bob):
        FusionScore.objects.create(user=person, fusion_score=60, calculated_at=now)
        sample(person, 95, now)
        rule_of(person, "cpu", ">", 90, "log")
        rule_of(person, "memory", ">", 90, "log")
    sample(None, 20, now)


def gathered(now, *wanted):
    with transaction.atomic():
        return gather(now, *wanted)


def test_the_readings_of_one_metric(alice, scores, now):
    sample(alice, 95, now, "memory")
    assert gathered(now, {"fusion_score"}) == 2
    assert gathered(now, {"cpu"}) == 3


def test_the_readings_that_count_for_one_person(alice, scores, now):
    assert gathered(now, {"fusion_score"}, alice.pk) == 1
    assert gathered(now, {"cpu"}, alice.pk) == 2  # and the platform's


@pytest.mark.parametrize(("applies_to", "kept"), [("owner", 1), ("everyone", 2)])
def test_who_evaluates_their_own_rules_reads_what_these_compare(alice, bob, scores, now, applies_to, kept):
    rule_of(alice, "fusion_score", "<", 70, "log", applies_to=applies_to)
    dispatch(now + timedelta(minutes=1), "page", owner=alice.pk)
    assert MetricSample.objects.filter(series__metric="fusion_score").count() == kept


def test_one_rule_of_somebody_is_compared_with_their_reading(alice, bob, scores, now):
    rule = rule_of(bob, "fusion_score", "<", 70, "log")
    assert dispatch(now, "page", rule=rule.pk).triggered == 1
    assert MetricSample.objects.get(series__metric="fusion_score").series.user == bob
