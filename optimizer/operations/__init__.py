"""The port of operations: one bounded change that can be previewed, applied once, and undone.

One file each, one line in OPTIMIZER_OPERATIONS. `reach` calls other systems, outside any transaction; `apply` stores
the result in the transaction that also marks the step as done, so a change in our database happens exactly once.
Requests to other systems carry the step's id, the same at each attempt, as an idempotency key.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from smartagent.kernel.registry import Registry

__all__ = ["Done", "Operation", "OperationFailed", "PreviewedChange", "Task", "operations"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """The input of an operation: person, place and parameters. `id` is the step's, the same at each attempt."""

    id: UUID
    person: UUID | None
    integration: UUID | None
    parameters: Mapping[str, Any]
    now: datetime


@dataclass(frozen=True, slots=True)
class PreviewedChange:
    """One value that changes: name, old value, new value."""

    what: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The result of an operation: enough of before and after to undo it, and its message."""

    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)
    result: str = ""


class OperationFailed(Exception):
    """The operation could not be done. `again` where a retry soon may help."""

    def __init__(self, detail: str, *, again: bool = False) -> None:
        super().__init__(detail)
        self.again = again


class Operation:
    """A kind of change. Only `reversible` ones may be applied without a person."""

    kind: ClassVar[str]
    label: ClassVar[str]
    help: ClassVar[str] = ""
    reversible: ClassVar[bool] = False
    changes: ClassVar[bool] = True  # False where it only asks, reads or notes: then there is no effect to measure

    def check(self, task: Task) -> None:
        """OperationFailed where it cannot be done in the present situation; reads only."""

    def preview(self, task: Task) -> list[PreviewedChange]:
        """The changes it would make; reads only, without requests to other systems."""
        raise NotImplementedError(f"{type(self).__name__} must preview().")

    def reach(self, task: Task) -> Any:
        """Call the other system, and return what `apply` needs from its answer; OperationFailed where it refuses."""
        return None

    def apply(self, task: Task, reached: Any) -> Done:
        """Store the change, in the current transaction; OperationFailed where it is not possible any more."""
        raise NotImplementedError(f"{type(self).__name__} must apply().")

    def undo(self, task: Task, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        """Undo it, in the current transaction; OperationFailed where something was modified since."""
        raise OperationFailed(f"{self.label} is irreversible.")


operations: Registry[Operation] = Registry("OPTIMIZER_OPERATIONS")
