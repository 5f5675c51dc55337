"""The port of operations: one bounded change, that can be looked at before, done once, and taken back.

One file each, one line in OPTIMIZER_OPERATIONS. `reach` speaks to other systems, outside any transaction; `apply`
writes what comes of it, in the transaction that also writes that the step is done: so a change of ours happens exactly
once. What is asked of another system carries the step's id, the same at each try, so that it can be told apart there.
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
    """One thing that changes, or would: what, from what, to what."""

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
    """The operation could not be done. `again` where trying again soon may help."""

    def __init__(self, detail: str, *, again: bool = False) -> None:
        super().__init__(detail)
        self.again = again


class Operation:
    """One kind of change. Only what is `reversible` may be done without a person."""

    kind: ClassVar[str]
    label: ClassVar[str]
    help: ClassVar[str] = ""
    reversible: ClassVar[bool] = False
    changes: ClassVar[bool] = True  # False where it only asks, reads or notes: then there is no effect to measure

    def check(self, task: Task) -> None:
        """OperationFailed where it cannot be done as things are; reads only."""

    def preview(self, task: Task) -> list[PreviewedChange]:
        """The change it would make; reads only, and calls nobody."""
        raise NotImplementedError(f"{type(self).__name__} must preview().")

    def reach(self, task: Task) -> Any:
        """Speak to the other system, and return what `apply` needs of its answer; OperationFailed where it refuses."""
        return None

    def apply(self, task: Task, reached: Any) -> Done:
        """Write the change, in the current transaction; OperationFailed where that is not possible any more."""
        raise NotImplementedError(f"{type(self).__name__} must apply().")

    def undo(self, task: Task, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        """Take it back, in the current transaction; OperationFailed where something has changed since."""
        raise OperationFailed(f"{self.label} is irreversible.")


operations: Registry[Operation] = Registry("OPTIMIZER_OPERATIONS")
