"""reweight_fusion_metrics: steadier metrics get more weight in the fusion score (inverse-variance weighting)."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from optimizer.fusion.history import histories
from optimizer.fusion.weights import reweighted
from optimizer.operations import Done, Operation, OperationFailed, PreviewedChange, Task
from optimizer.operations.fusion_scores import Rows, changes, metrics_of, put_back, write
from rules.text.entry import number


class ReweightFusionMetrics(Operation):
    kind = "reweight_fusion_metrics"
    label = "Reweight fusion metrics"
    help = "Sets the weight of each component of the fusion score by its stability, changing each by at most 20 %."
    reversible = True

    def check(self, task: Task) -> None:
        if not _new(metrics_of(task.person), task):
            raise OperationFailed("The weights already match the history.")

    def preview(self, task: Task) -> list[PreviewedChange]:
        rows = metrics_of(task.person)
        return changes(rows, _new(rows, task))

    def apply(self, task: Task, reached: Any) -> Done:
        rows = metrics_of(task.person, locked=True)
        weights = _new(rows, task)
        if not weights:
            raise OperationFailed("The weights already match the history.")
        before, after = write(task, rows, weights)
        result = f"{len(weights)} weights changed; the fusion score is {number(after['score'])}, before: "
        return Done(before=before, after=after, result=f"{result}{number(before['score'])}.")

    def undo(self, task: Task, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        put_back(task, before, after)


def _new(rows: Rows, task: Task) -> dict[str, Decimal]:
    """The weights that change, by the id of the metric."""
    old = {key: row.weight or Decimal(0) for key, row in rows.items()}
    known = histories(task.person, task.now)
    new = reweighted(old, {key: known.get(row.metric_name, ()) for key, row in rows.items()})
    return {key: weight for key, weight in new.items() if weight != old[key]}
