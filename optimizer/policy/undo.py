"""Undoing changes of the automation policy, and of the switch that stops the optimizer."""

from datetime import datetime
from typing import Any

from optimizer.models import OptimizerPolicy
from optimizer.policy.changes import FIELDS, switch
from optimizer.policy.changes import change as change_policy
from rules.configuration.undo_plan import (
    NOT_ALLOWED,
    CannotUndo,
    MayNotUndo,
    RecordedChange,
    Undo,
    UndoPlan,
    former_values,
    refuse_other_fields,
)

SWITCHED = "The optimizer has been {} since."
SWITCHES = {"optimizer_stopped": True, "optimizer_released": False}


class PolicyUndo(Undo):
    """Former values are given back; a stopped optimizer resumes, and a resumed one stops."""

    kind, sensitive = "automation policy", True

    def plan(self, change: RecordedChange, user: Any, now: datetime, *, lock: bool) -> UndoPlan:
        if not user.has_perm("optimizer.change_optimizerpolicy"):
            raise MayNotUndo(NOT_ALLOWED)
        rows = OptimizerPolicy.objects.select_for_update() if lock else OptimizerPolicy.objects
        policy = rows.filter(pk=1).first() or OptimizerPolicy()
        stopped = SWITCHES.get(change.entry.event_type)
        if stopped is not None:
            if policy.stopped != stopped:
                raise CannotUndo(SWITCHED.format("stopped" if policy.stopped else "resumed"))
            return UndoPlan(lambda: switch(not stopped, user, now))
        refuse_other_fields(change.changes, set(FIELDS))
        values = former_values(policy, change.changes)
        return UndoPlan(lambda: change_policy(values, user, now))
