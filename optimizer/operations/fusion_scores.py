"""The weights of a person's fusion metrics and the resulting score: change and rollback."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from optimizer.fusion.weights import fusion_score
from optimizer.models import FusionMetric
from optimizer.operations import OperationFailed, PreviewedChange, Task
from rules.models import FusionScore
from rules.text.entry import number

Rows = dict[str, FusionMetric]


def metrics_of(person: UUID | None, *, locked: bool = False) -> Rows:
    """The person's fusion metrics by id, in a fixed order; OperationFailed where there is none with a value."""
    rows = FusionMetric.objects.filter(user=person, weight__isnull=False).order_by("metric_name", "pk")
    found = {str(row.pk): row for row in (rows.select_for_update() if locked else rows)}
    if not any(row.normalized_value is not None for row in found.values()):
        raise OperationFailed("No fusion metric has a value, so there are no weights to change.")
    return found


def name_of(row: FusionMetric, rows: Rows) -> str:
    """The metric's name, with its integration where the name is not unique."""
    twins = [other for other in rows.values() if other.metric_name == row.metric_name]
    return f"{row.metric_name} ({row.integration_id})" if len(twins) > 1 else row.metric_name


def changes(rows: Rows, weights: Mapping[str, Decimal]) -> list[PreviewedChange]:
    """The changes by the new weights, including the score."""
    found = [
        PreviewedChange(f"Weight of {name_of(rows[key], rows)}", number(rows[key].weight), number(weight))
        for key, weight in weights.items()
        if rows[key].weight != weight
    ]
    before, after = score_of(rows, {}), score_of(rows, weights)
    return [*found, PreviewedChange("Fusion score", number(before), number(after))]


def score_of(rows: Rows, weights: Mapping[str, Decimal]) -> Decimal | None:
    """The score with these weights in place of those that the rows have."""
    whole = {key: weights.get(key, row.weight or Decimal(0)) for key, row in rows.items()}
    return fusion_score(whole, {key: row.normalized_value for key, row in rows.items()})


def write(task: Task, rows: Rows, weights: Mapping[str, Decimal]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Store the weights and a new score with its breakdown; return the values before and after."""
    before = {"weights": {key: str(rows[key].weight) for key in weights}, "score": _text(score_of(rows, {}))}
    for key, weight in weights.items():
        rows[key].weight = weight
    FusionMetric.objects.bulk_update([rows[key] for key in weights], ["weight"])
    score = score_of(rows, {})
    made = FusionScore.objects.create(
        user_id=task.person, fusion_score=score, calculated_at=task.now, score_breakdown=_breakdown(rows),
    )  # fmt: skip
    after = {"weights": {key: str(weight) for key, weight in weights.items()}, "score": _text(score)}
    return before, after | {"score_row": str(made.pk)}


def put_back(task: Task, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """Restore the exact weights, and delete the score that was computed from the new ones."""
    rows = {str(row.pk): row for row in FusionMetric.objects.filter(user=task.person).select_for_update()}
    for key, weight in after["weights"].items():
        if key not in rows or rows[key].weight != Decimal(weight):
            raise OperationFailed("The weights were changed since then, so they are kept.")
    for key, weight in before["weights"].items():
        rows[key].weight = Decimal(weight)
    FusionMetric.objects.bulk_update([rows[key] for key in before["weights"]], ["weight"])
    FusionScore.objects.filter(pk=after["score_row"], user=task.person).delete()


def _breakdown(rows: Rows) -> dict[str, Any]:
    return {
        name_of(row, rows): {"weight": float(row.weight or 0), "value": float(row.normalized_value)}
        for row in rows.values()
        if row.normalized_value is not None
    }


def _text(score: Decimal | None) -> str | None:
    return None if score is None else str(score)
