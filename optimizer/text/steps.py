"""The operations of a proposal, as its page shows them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from optimizer.models import FusionMetric, OptimizationEvent, OptimizationStep
from optimizer.operations import PreviewedChange
from optimizer.registries import operations
from optimizer.text.proposal import operation_name
from optimizer.text.step_changes import Table, evidence, parameters, recorded_changes
from rules.models import Integration


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One operation: name, target, parameters, changes and findings."""

    step: OptimizationStep
    label: str
    help: str = ""
    where: str = ""
    reversible: bool = False
    parameters: list[tuple[str, str]] = field(default_factory=list)
    changes: list[PreviewedChange] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)


def shown_steps(event: OptimizationEvent) -> list[Shown]:
    """In their order."""
    steps = list(event.steps.order_by("position"))
    places = dict(_integrations([step.integration_id for step in steps]))
    names = _names(event) if any(step.before or step.after for step in steps) else {}
    return [_shown(step, places, names) for step in steps]


def _shown(step: OptimizationStep, places: Mapping[Any, str], names: Mapping[str, str]) -> Shown:
    operation = operations.find(step.operation)
    gone = "a deleted integration"
    return Shown(
        step=step, label=operation_name(step.operation),
        help=operation.help if operation else "This operation is not installed.",
        where=places.get(step.integration_id, gone) if step.integration_id else "",
        reversible=bool(operation and operation.reversible), parameters=parameters(step.parameters),
        changes=recorded_changes(step.before, step.after, names), tables=evidence(step.after),
    )  # fmt: skip


def _integrations(keys: list[Any]) -> list[tuple[Any, str]]:
    rows = Integration.objects.filter(pk__in=[key for key in keys if key])
    return [(row.pk, str(row.integration_type)) for row in rows.only("pk", "integration_type")]


def _names(event: OptimizationEvent) -> dict[str, str]:
    """Names for the ids in stored changes."""
    rows = FusionMetric.objects.filter(user=event.user_id).values_list("pk", "metric_name")
    return {str(key): name for key, name in rows}
