"""Proposals for tests of pages: parts of a fusion score, and an optimization that changes their weights."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from optimizer.models import FusionMetric, OptimizationEvent
from optimizer.proposals.creation import ProposalRequest, propose
from optimizer.proposals.facts import FactsLoader
from optimizer.strategies.proposal import Proposal, ProposedStep
from rules.models import MetricSample
from smartagent.models import User

COVERAGE = {"metric": "coverage", "step": 0.1}


def metrics_of(person: User) -> dict[str, Decimal]:
    """Coverage 0.4 and freshness 0.8, of equal weight: the score is 60."""
    for name, value in (("coverage", "0.4"), ("freshness", "0.8")):
        FusionMetric.objects.create(
            user=person, metric_name=name, weight=Decimal("0.5"), normalized_value=Decimal(value)
        )
    return weights_of(person)


def weights_of(person: User) -> dict[str, Decimal]:
    return dict(FusionMetric.objects.filter(user=person).values_list("metric_name", "weight"))


def optimization(
    person: User, now: datetime, *parameters: dict[str, Any], advice: tuple[str, ...] = (), **requested: Any
) -> tuple[ProposalRequest, str, Proposal]:
    """What would be proposed: to adjust weights, a step for each of `parameters`; without any it is advice only."""
    facts = FactsLoader({person.pk}, now).of(
        person.pk, metric="fusion_score", value=60, threshold=70, operator="<", target=""
    )
    words = {"reason": "Coverage is low.", "expected": "The score follows."}
    steps = tuple(ProposedStep(operation="adjust_weight", parameters=each, **words) for each in parameters)
    proposal = Proposal(reason="The fusion score is 60 (threshold: below 70).", steps=steps, advice=advice)
    return ProposalRequest(**{"facts": facts, "kind": "manual"} | requested), "fusion_enhancement", proposal


def optimization_for(person: User, now: datetime, *parameters: dict[str, Any], **requested: Any) -> OptimizationEvent:
    """The same, proposed."""
    event = propose([optimization(person, now, *parameters, **requested)], now)[0].event
    event.refresh_from_db()
    return event


def readings_around(person: User, applied: datetime, before: float, after: float) -> None:
    """Hourly fusion scores of the day before, about one value, and of the day after, about another."""
    MetricSample.objects.push_all(
        {
            "user": person, "metric": "fusion_score", "value": (before if hour < 0 else after) + hour % 3 / 10,
            "observed_at": applied + timedelta(hours=hour, minutes=30),
        }
        for hour in range(-24, 24)
    )  # fmt: skip
