"""A step and its operation: the task, and how to undo it."""

from datetime import datetime

from optimizer.journal.entries import log
from optimizer.models import OptimizationEvent
from optimizer.models import OptimizationStep as Step
from optimizer.operations import Operation, OperationFailed, Task
from optimizer.registries import operations


def task_of(event: OptimizationEvent, step: Step, now: datetime) -> Task:
    """The task of a step's operation."""
    return Task(
        id=step.pk, person=event.user_id, integration=step.integration_id, parameters=step.parameters or {}, now=now
    )


def operation_of(step: Step) -> Operation:
    """The operation of a step; OperationFailed where it is not installed any more."""
    if step.operation not in operations:
        raise OperationFailed(f"Operation “{step.operation}” is not installed.")
    return operations[step.operation]


def label_of(step: Step) -> str:
    """The name of a step's operation."""
    return operations[step.operation].label if step.operation in operations else step.operation


def undo(event: OptimizationEvent, now: datetime) -> list[str]:
    """Undo completed steps, last first, in the current transaction; return what cannot be undone."""
    left = []
    done = event.steps.select_for_update().filter(status=Step.Status.DONE).order_by("-position")
    for step in done:
        if step.operation not in operations or not operations[step.operation].reversible:
            left.append(label_of(step))
            continue
        operations[step.operation].undo(task_of(event, step, now), step.before or {}, step.after or {})
        Step.objects.filter(pk=step.pk).update(status=Step.Status.UNDONE, undone_at=now)
        log(event, f"undo_{step.operation}", now, details={"step": str(step.pk)})
    return left
