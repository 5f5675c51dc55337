"""adjust_weight: the weight of one fusion metric by a step, within limits."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from optimizer.operations import Done, Operation, OperationFailed, PreviewedChange, Task
from optimizer.operations.fusion_scores import Rows, changes, metrics_of, put_back, write
from rules.text.entry import number
from smartagent.kernel.coerce import read_number

LEAST, MAX_WEIGHT_CHANGE = Decimal("0.01"), Decimal(1)


class AdjustWeight(Operation):
    kind = "adjust_weight"
    label = "Adjust a weight"
    help = "Changes the weight of one metric of the fusion score by a step, within limits."
    reversible = True

    def check(self, task: Task) -> None:
        _new(metrics_of(task.person), task)

    def preview(self, task: Task) -> list[PreviewedChange]:
        rows = metrics_of(task.person)
        return changes(rows, _new(rows, task))

    def apply(self, task: Task, reached: Any) -> Done:
        rows = metrics_of(task.person, locked=True)
        before, after = write(task, rows, _new(rows, task))
        result = f"The fusion score is {number(after['score'])}, before: {number(before['score'])}."
        return Done(before=before, after=after, result=result)

    def undo(self, task: Task, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        put_back(task, before, after)


def _new(rows: Rows, task: Task) -> dict[str, Decimal]:
    name = str(task.parameters.get("metric") or "")
    key = next((key for key, row in rows.items() if row.metric_name == name), None)
    if key is None:
        known = ", ".join(sorted({row.metric_name for row in rows.values()}))
        raise OperationFailed(f"Unknown fusion metric “{name[:80]}”. Available: {known}.")
    step, least, maximum = (_decimal(task, each, default) for each, default in
                         (("step", None), ("lowest", LEAST), ("highest", MAX_WEIGHT_CHANGE)))  # fmt: skip
    old = rows[key].weight or Decimal(0)
    new = stepped(old, step, max(least, LEAST), min(maximum, MAX_WEIGHT_CHANGE))
    if new == old:
        raise OperationFailed(f"The weight of {name} is {number(old)}, already at its limit.")
    return {key: new}


def stepped(old: Decimal, step: Decimal, least: Decimal, maximum: Decimal) -> Decimal:
    """One step further, not beyond the limit that lies there; what is beyond it already stays."""
    return max(min(old + step, maximum), old) if step > 0 else min(max(old + step, least), old)


def _decimal(task: Task, name: str, default: Decimal | None) -> Decimal:
    given = task.parameters.get(name, default)
    try:
        return read_number(given)
    except ValueError:
        raise OperationFailed(f"“{name}” must be a number, for example 0.05.") from None
