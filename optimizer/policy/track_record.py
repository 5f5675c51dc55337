"""The outcomes of the proposals of each strategy and operation so far."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Count, F, Q

from optimizer.inert import unchanging
from optimizer.models import OptimizationEvent, OptimizationStep, OptimizerPolicy
from optimizer.policy.guardrails import Rails, Record

Verdict = OptimizationEvent.Verdict
VERDICT_COUNTS = {
    "improved": Q(verdict=Verdict.IMPROVED), "unchanged": Q(verdict=Verdict.UNCHANGED),
    "worse": Q(verdict=Verdict.WORSE), "improved_by_hand": Q(verdict=Verdict.IMPROVED, approved_by__isnull=False),
}  # fmt: skip


def guardrails_of(policy: OptimizerPolicy) -> Rails:
    """The policy's guard-rails."""
    return Rails(
        stopped=policy.stopped, per_day=policy.automatic_per_day, trusted_after=policy.trusted_after,
        trusted_rate=policy.trusted_rate, needs_another=policy.needs_another,
    )  # fmt: skip


def track_records() -> Mapping[str, Record]:
    """The track record of each strategy."""
    rows = OptimizationEvent.objects.exclude(verdict="").order_by().values("strategy")
    return {row["strategy"] or "": _record(row) for row in rows.annotate(**_counts(""))}


def records_of_operations() -> Mapping[str, Record]:
    """The track record of each operation: of the proposals in which it was completed."""
    measured = OptimizationStep.objects.filter(status="done").exclude(event__verdict="").order_by()
    rows = measured.exclude(operation__in=unchanging())
    counted = rows.values(name=F("operation")).annotate(**_counts("event__"))
    return {row["name"]: _record(row) for row in counted}


def _counts(path: str) -> dict[str, Any]:
    return {name: Count("pk", filter=_prefixed(condition, path)) for name, condition in VERDICT_COUNTS.items()}


def _prefixed(condition: Q, path: str) -> Q:
    return Q(*((f"{path}{name}", value) for name, value in condition.children))  # type: ignore[misc]


def _record(row: Mapping[str, Any]) -> Record:
    return Record(**{name: row[name] for name in VERDICT_COUNTS})
