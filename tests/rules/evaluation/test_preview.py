"""The preview is the evaluator, and leaves nothing behind."""

from datetime import timedelta

import pytest

from rules.evaluation.preview import preview
from rules.models import AutomationRule, FusionScore, MetricSample
from tests.rules.evaluation.test_series import push


def unsaved(user, metric="cpu", threshold=90, **fields):
    return AutomationRule(
        user=user, rule_name="trial", metric_type=metric, condition_operator=">", threshold_value=threshold,
        action_type="log", **fields,
    )  # fmt: skip


@pytest.mark.parametrize(("value", "verdict"), [(95, "met"), (90, "clear"), (None, "missing")])
def test_the_verdict_on_the_newest_sample(alice, now, value, verdict):
    if value is not None:
        MetricSample.objects.push(user=alice, metric="cpu", value=value, observed_at=now)
    seen = preview(unsaved(alice, status="draft"), now)
    assert (seen.verdict, seen.value) == (verdict, value)
    assert not AutomationRule.objects.exists()
    assert not AutomationRule.history.exists()


def test_a_rule_on_everyone_counts_people(olga, bob, now):
    FusionScore.objects.create(user=olga, fusion_score=60, calculated_at=now)
    FusionScore.objects.create(user=bob, fusion_score=95, calculated_at=now - timedelta(hours=1))
    seen = preview(unsaved(olga, "fusion_score", applies_to="everyone"), now)
    assert (seen.verdict, seen.people, seen.met) == ("clear", 2, 1)


@pytest.mark.parametrize(("operator", "worst"), [(">", "c"), ("<", "a")])
def test_the_worst_series_comes_first(alice, now, operator, worst):
    threshold = 90 if operator == ">" else 100
    push(now, {"host=b": 95, "host=c": 99, "host=a": 93})
    rule = unsaved(alice, "load", threshold, series_mode="each")
    rule.condition_operator = operator
    seen = preview(rule, now)
    assert [each.target for each in seen.instances] == sorted(
        (each.target for each in seen.instances), reverse=operator == ">"
    )
    assert (seen.target, seen.met) == (f'{{host="{worst}"}}', 3)
