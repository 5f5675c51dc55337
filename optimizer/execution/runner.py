"""The application of a proposal, step by step.

1. A person or the policy has approved it (`optimizer.proposals.decisions`). A worker leases it by a conditional UPDATE.
   The lease of a worker that dies expires, and another continues with the first step that is not done. A worker that
   was only slow finds its lease lost, and writes nothing.
2. Its operations run in order. Each first calls other systems, outside any transaction; then its change, its status and
   its result are stored in one transaction. So changes in our database happen exactly once.
3. Temporary failures are retried, at most three attempts. After a permanent failure the remaining steps are skipped,
   and the completed ones stay or are rolled back, as the policy says.
4. When all are done, the readings of the day before are stored; a day later they are compared with those after
   (`optimizer.measurement.effect`).
5. A rollback undoes the operations in reverse order, in one transaction, as far as they are reversible.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import F, Q

from optimizer.execution.lease import Lost, hold, mine, take, waiting
from optimizer.execution.steps import label_of, operation_of, task_of, undo
from optimizer.journal.entries import entry, log, write_entries
from optimizer.measurement.effect import begin_to_measure
from optimizer.models import OptimizationEvent, OptimizationStep, OptimizerPolicy
from optimizer.operations import Done, OperationFailed, PreviewedChange
from optimizer.proposals.decisions import DecisionRefused, Status, content_hash
from smartagent.outbound.errors import NotSent

MAX_ATTEMPTS = 3
RETRY_PAUSE = timedelta(seconds=30)  # before the second try; twice as long before the third
CHANGED = "The optimization changed after approval, so it was not applied."
Step = OptimizationStep
TO_DO = (Step.Status.PROPOSED, Step.Status.RUNNING)
logger = structlog.get_logger(__name__)


class Later(Exception):
    """The step failed temporarily, and is retried."""


def dry_run(event: OptimizationEvent, now: datetime) -> list[tuple[Step, list[PreviewedChange], str]]:
    """The changes of each step, or why it cannot run. Writes nothing and calls nobody."""
    found = []
    for step in event.steps.order_by("position"):
        try:
            operation, task = operation_of(step), task_of(event, step, now)
            operation.check(task)
            found.append((step, operation.preview(task), ""))
        except OperationFailed as error:
            found.append((step, [], str(error)))
    return found


def apply(key: UUID, now: datetime) -> OptimizationEvent:
    """Start or continue an approved proposal; DecisionRefused where it may not start, or another worker has it."""
    event = take(key, now)
    if event.content_hash and event.content_hash != content_hash(event, list(event.steps.order_by("position"))):
        _fail(event, CHANGED, now)
        raise DecisionRefused(CHANGED)
    try:
        for step in event.steps.filter(status__in=TO_DO).order_by("position"):
            _do(event, step, now)
        _finish(event, now)
    except Later as later:
        mine(event).update(leased_until=now + RETRY_PAUSE * 2 ** later.args[0])
    except OperationFailed as failure:
        _fail(event, str(failure), now)
    except Lost:
        logger.warning("optimization lost to another worker", optimization=str(event.pk))
    event.refresh_from_db()
    return event


def roll_back(event: OptimizationEvent, by: Any, now: datetime, *, note: str = "") -> list[str]:
    """Undo what it did, as `by`, or None for the policy; return what cannot be undone. DecisionRefused where nothing
    can be."""
    with transaction.atomic():
        applied = Q(status=Status.APPLIED) | Q(status=Status.FAILED)
        row = OptimizationEvent.objects.select_for_update(of=("self",)).filter(applied, pk=event.pk).first()
        if row is None:
            raise DecisionRefused("The optimization was not applied, or was already rolled back.")
        done = row.steps.filter(status=Step.Status.DONE).count()
        try:
            left = undo(row, now)
        except OperationFailed as failure:
            raise DecisionRefused(f"Rollback failed. {failure}") from None
        if len(left) == done:
            raise DecisionRefused(f"No operation can be rolled back{': ' + ', '.join(left) if left else ''}.")
        row.status, row.applied, row.ended_at = Status.ROLLED_BACK, False, now
        row.decision_note = note.strip() or row.decision_note
        row.save(update_fields=["status", "applied", "ended_at", "decision_note"])
        write_entries([entry(row, "rolled_back", now, by=by, note=note.strip(), left=left)])
        log(row, "roll_back", now, details={"by": str(by) if by else "policy", "left": left})
    return left


def work(now: datetime, maximum: int = 20) -> int:
    """Apply waiting proposals and continue interrupted ones; return their number."""
    count = 0
    for key in waiting(now):
        if count == maximum:
            break
        try:
            apply(key, now)
            count += 1
        except DecisionRefused:
            continue  # its time has not come, or another worker has it
    return count


def _do(event: OptimizationEvent, step: Step, now: datetime) -> None:
    """Run one step: call other systems, then store the change. OperationFailed or Later where it was not done."""
    _begin(event, step, now)
    task = task_of(event, step, now)
    try:
        operation = operation_of(step)
        operation.check(task)
        reached = operation.reach(task)
        with transaction.atomic():
            _write(event, step, operation.apply(task, reached), now)
    except (OperationFailed, NotSent) as failure:
        again = failure.again if isinstance(failure, OperationFailed) else not failure.permanent
        _not_done(event, step, str(failure), now, again=again)
    except Lost:
        raise
    except Exception as error:
        logger.error("operation failed", operation=step.operation, error=type(error).__name__, step=str(step.pk))
        _not_done(event, step, f"{type(error).__name__} in {step.operation}.", now, again=False)


def _begin(event: OptimizationEvent, step: Step, now: datetime) -> None:
    with transaction.atomic():
        hold(event)
        running = Step.objects.filter(pk=step.pk, status__in=TO_DO)
        running.update(status=Step.Status.RUNNING, attempt_count=F("attempt_count") + 1, started_at=now)
    step.refresh_from_db(fields=["attempt_count"])
    if step.attempt_count > MAX_ATTEMPTS:
        _not_done(
            event, step, f"The step was started {MAX_ATTEMPTS} times; each time the worker was lost.", now, again=False
        )


def _write(event: OptimizationEvent, step: Step, done: Done, now: datetime) -> None:
    hold(event)  # or what was written here is taken back
    values = {"before": dict(done.before), "after": dict(done.after), "result": done.result, "error": ""}
    Step.objects.filter(pk=step.pk).update(status=Step.Status.DONE, finished_at=now, **values)
    log(event, step.operation, now, details={"step": str(step.pk), "result": done.result})


def _not_done(event: OptimizationEvent, step: Step, cause: str, now: datetime, *, again: bool) -> None:
    again = again and step.attempt_count < MAX_ATTEMPTS
    status = Step.Status.PROPOSED if again else Step.Status.FAILED
    with transaction.atomic():
        hold(event)
        Step.objects.filter(pk=step.pk).update(status=status, error=cause, finished_at=now)
        details = {"step": str(step.pk), "error": cause, "try": step.attempt_count}
        log(event, step.operation, now, done=False, details=details)
    if again:
        raise Later(step.attempt_count - 1)
    raise OperationFailed(f"{label_of(step)}: {cause}")


def _finish(event: OptimizationEvent, now: datetime) -> None:
    with transaction.atomic():
        done = {"status": Status.APPLIED, "applied": True, "applied_at": now, "ended_at": now, "leased_until": None}
        if not mine(event).update(**done):
            raise Lost
        event.refresh_from_db()
        begin_to_measure(event, now)
        write_entries([entry(event, "applied", now, steps=event.steps.filter(status="done").count())])


def _fail(event: OptimizationEvent, cause: str, now: datetime) -> None:
    """Store the error, skip the remaining steps, and roll back the completed ones where the policy says so."""
    with transaction.atomic():
        if not mine(event).update(status=Status.FAILED, error_message=cause, ended_at=now, leased_until=None):
            return  # another worker has it
        event.refresh_from_db()
        rest = event.steps.filter(status__in=TO_DO)
        rest.update(status=Step.Status.SKIPPED, error="An earlier step failed.")
        write_entries([entry(event, "failed", now, error=cause)])
    if OptimizerPolicy.current().on_failure == OptimizerPolicy.OnFailure.UNDO:
        _undo_quietly(event, now)


def _undo_quietly(event: OptimizationEvent, now: datetime) -> None:
    """Roll back after a failure; what cannot be rolled back is added to the error message."""
    try:
        with transaction.atomic():
            undo(event, now)
    except OperationFailed as failure:
        message = f"{event.error_message} Earlier operations could not be rolled back: {failure}"
        OptimizationEvent.objects.filter(pk=event.pk).update(error_message=message)
