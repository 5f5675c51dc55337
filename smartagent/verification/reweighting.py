"""A scenario: a reweighting that makes things worse, because the steady part of a score gains, and is rolled back."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from optimizer.models import FusionMetric
from rules.models import FusionScore, MetricSample
from smartagent.verification.evaluations import rule_of, somebody
from smartagent.verification.optimization import (
    VerifiedOptimization,
    approve_and_apply,
    evaluate_repeatedly,
    measure_effect,
)

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
SCORE_PARTS = (
    ("steady", Decimal("0.5130"), Decimal("0.2"), (0.21, 0.2, 0.19, 0.2)),
    ("lively", Decimal("0.48700"), Decimal("0.9"), (0.9, 0.5, 0.95, 0.6)),
)


@dataclass(slots=True)
class Reweighting:
    """The weights as written: before, when the optimization was applied, and at the end."""

    optimization: VerifiedOptimization
    before: dict[str, str] = field(default_factory=dict)
    between: dict[str, str] = field(default_factory=dict)
    after: dict[str, str] = field(default_factory=dict)
    scores: list[float] = field(default_factory=list)  # that are kept at the end


def play(now: datetime) -> Reweighting:
    """Play it as of `now`."""
    person = somebody("Wanda Weights")
    rule = rule_of(person, "fusion_score", "<", 70, "optimize", action_config={"optimization_type": "manual"})
    found = Reweighting(VerifiedOptimization(person, rule))
    for name, weight, value, history in SCORE_PARTS:
        FusionMetric.objects.create(user=person, metric_name=name, weight=weight, normalized_value=value)
        MetricSample.objects.push_all(
            {"user": person, "metric": "fusion_metric", "target": name, "value": each, "observed_at": now - days * DAY}
            for days, each in enumerate(history, start=1)
        )
    FusionScore.objects.create(user=person, fusion_score=Decimal("54.09"), calculated_at=now - MINUTE)
    found.before = _weights(found.optimization)
    after = evaluate_repeatedly(found.optimization, now, 3)
    approve_and_apply(found.optimization, after - MINUTE)
    found.between = _weights(found.optimization)
    evaluate_repeatedly(found.optimization, after, 3)
    measure_effect(found.optimization)
    found.after = _weights(found.optimization)
    found.scores = [
        float(each) for each in FusionScore.objects.filter(user=person).values_list("fusion_score", flat=True)
    ]
    return found


def _weights(optimization: VerifiedOptimization) -> dict[str, str]:
    rows = FusionMetric.objects.filter(user=optimization.person).order_by("metric_name")
    return {name: str(weight) for name, weight in rows.values_list("metric_name", "weight")}
