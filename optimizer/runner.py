"""The story of a proposal that is applied.

1. Somebody, or the policy, has approved it (`optimizer.deciding`). Whoever begins takes it by a conditional UPDATE, for
   a while: a worker that dies leaves a lease that runs out, and another goes on from the step that was not done.
2. Its operations are done in their order. Each speaks to others first, outside any transaction; then its change, that
   it is done, and what to say of it are one transaction. So what we change ourselves is changed once.
3. What may work in a moment is tried again, three times. What cannot is a failure: the steps after it are skipped, and
   those before it stay or are taken back, as the policy says.
4. When all are done, the readings of the day before are put down beside it; a day later they are compared
   (`optimizer.measuring`).
5. Taken back, the operations are undone in the opposite order, in one transaction, those that can be.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import F, Q

from optimizer.deciding import Refused, Status, content_hash, may_begin
from optimizer.measuring import begin_to_measure
from optimizer.models import OptimizationEvent, OptimizationStep, OptimizerPolicy
from optimizer.operations import Change, Done, OperationFailed, Task
from optimizer.registries import operations
from optimizer.writing_down import entry, log, write_entries
from smartagent.outbound.errors import NotSent

LEASE = timedelta(minutes=5)
TRIES = 3
PAUSE = timedelta(seconds=30)  # before the second try; twice as long before the third
Step = OptimizationStep
logger = structlog.get_logger(__name__)


class Later(Exception):
    """A step may work in a moment."""


def dry_run(event: OptimizationEvent, now: datetime) -> list[tuple[Step, list[Change], str]]:
    """What each step would change, and why it cannot; nothing is written, and nobody is spoken to."""
    found = []
    for step in event.steps.order_by("position"):
        try:
            operation, task = operations[step.operation], task_of(event, step, now)
            operation.check(task)
            found.append((step, operation.preview(task), ""))
        except (OperationFailed, LookupError) as error:
            found.append((step, [], str(error)))
    return found


def apply(key: UUID, now: datetime) -> OptimizationEvent:
    """Do what was approved, or go on with it; Refused where it may not be begun, or somebody else does it."""
    event = _take(key, now)
    try:
        for step in event.steps.filter(status__in=[Step.Status.PROPOSED, Step.Status.RUNNING]).order_by("position"):
            _do(event, step, now)
    except Later as later:
        OptimizationEvent.objects.filter(pk=event.pk).update(leased_until=now + PAUSE * 2 ** later.args[0])
    except OperationFailed as failure:
        _fail(event, str(failure), now)
    else:
        _finish(event, now)
    event.refresh_from_db()
    return event


def roll_back(event: OptimizationEvent, by: Any, now: datetime, *, note: str = "") -> list[str]:
    """Take back what it did, as `by`, None for the policy; return what cannot be. Refused where nothing can be."""
    with transaction.atomic():
        applied = Q(status=Status.APPLIED) | Q(status=Status.FAILED)
        row = OptimizationEvent.objects.select_for_update(of=("self",)).filter(applied, pk=event.pk).first()
        if row is None:
            raise Refused("It was not applied, or has been rolled back already.")
        try:
            left = _undo(row, now)
        except OperationFailed as failure:
            raise Refused(f"It cannot be rolled back. {failure}") from None
        row.status, row.ended_at, row.decision_note = Status.ROLLED_BACK, now, note.strip() or row.decision_note
        row.save(update_fields=["status", "ended_at", "decision_note"])
        write_entries([entry(row, "rolled_back", now, by=by, note=note.strip(), left=left)])
        log(row, "roll_back", now, details={"by": str(by) if by else "policy", "left": left})
    return left


def work(now: datetime, most: int = 20) -> int:
    """Apply what waits, and go on with what was interrupted; return how many there were."""
    due = Q(leased_until=None) | Q(leased_until__lte=now)
    rows = OptimizationEvent.objects.filter(due, status__in=[Status.APPROVED, Status.APPLYING])
    count = 0
    for key in list(rows.order_by("approved_at").values_list("pk", flat=True)[:most]):
        try:
            apply(key, now)
            count += 1
        except Refused:
            continue  # its time has not come, or another worker has it
    return count


def task_of(event: OptimizationEvent, step: Step, now: datetime) -> Task:
    """What the operation of a step is asked to do."""
    return Task(
        id=step.pk, person=event.user_id, integration=step.integration_id, parameters=step.parameters or {}, now=now
    )


def _take(key: UUID, now: datetime) -> OptimizationEvent:
    """Take it for a while, when nobody else does, and nothing else is done to the same target."""
    row: OptimizationEvent | None = OptimizationEvent.objects.select_related("rule").filter(pk=key).first()
    if row is None:
        raise Refused("It is not there any more.")
    if why := may_begin(row, OptimizerPolicy.current(), now):
        raise Refused(why)
    if row.content_hash and row.content_hash != content_hash(row, list(row.steps.order_by("position"))):
        raise Refused("It is not what was approved any more, so it is not applied.")
    ready = Q(status=Status.APPROVED) | Q(status=Status.APPLYING, leased_until__lte=now)
    with transaction.atomic():
        # Whoever begins something for this person waits here for the others who do.
        same = OptimizationEvent.objects.filter(user=row.user_id, status=Status.APPLYING, target=row.target)
        if same.select_for_update().exclude(pk=key).exists():
            raise Refused("Something else is being applied to the same target.")
        taken = OptimizationEvent.objects.filter(ready, pk=key)
        if not taken.update(status=Status.APPLYING, leased_until=now + LEASE):
            raise Refused("It is not approved, or somebody else applies it already.")
    row.refresh_from_db()
    return row


def _do(event: OptimizationEvent, step: Step, now: datetime) -> None:
    """One step: spoken to others about, then written. OperationFailed or Later where it was not done."""
    Step.objects.filter(pk=step.pk).update(status=Step.Status.RUNNING, tries=F("tries") + 1, started_at=now)
    task = task_of(event, step, now)
    try:
        operation = operations[step.operation]
        operation.check(task)
        reached = operation.reach(task)
        with transaction.atomic():
            _write(event, step, operation.apply(task, reached), now)
    except (OperationFailed, NotSent, LookupError) as failure:
        again = getattr(failure, "again", isinstance(failure, NotSent) and not failure.permanent)
        _not_done(event, step, str(failure), now, again=bool(again))
    except Exception as error:
        logger.error("operation failed", operation=step.operation, error=type(error).__name__, step=str(step.pk))
        _not_done(event, step, f"{type(error).__name__} in {step.operation}.", now, again=False)


def _write(event: OptimizationEvent, step: Step, done: Done, now: datetime) -> None:
    values = {"before": dict(done.before), "after": dict(done.after), "said": done.said, "error": ""}
    running = Step.objects.filter(pk=step.pk, status=Step.Status.RUNNING)
    if not running.update(status=Step.Status.DONE, finished_at=now, **values):
        raise OperationFailed("Another worker has done it meanwhile.")  # and what was written here is taken back
    log(event, step.operation, now, details={"step": str(step.pk), "said": done.said})


def _not_done(event: OptimizationEvent, step: Step, cause: str, now: datetime, *, again: bool) -> None:
    tries = step.tries + 1
    status = Step.Status.PROPOSED if again and tries < TRIES else Step.Status.FAILED
    Step.objects.filter(pk=step.pk, status=Step.Status.RUNNING).update(status=status, error=cause, finished_at=now)
    log(event, step.operation, now, done=False, details={"step": str(step.pk), "error": cause, "try": tries})
    if status == Step.Status.PROPOSED:
        raise Later(tries - 1)
    raise OperationFailed(
        f"{operations[step.operation].label if step.operation in operations else step.operation}: {cause}"
    )


def _finish(event: OptimizationEvent, now: datetime) -> None:
    with transaction.atomic():
        mine = OptimizationEvent.objects.filter(pk=event.pk, status=Status.APPLYING)
        if not mine.update(status=Status.APPLIED, applied=True, applied_at=now, ended_at=now, leased_until=None):
            return  # somebody else has finished it
        event.refresh_from_db()
        begin_to_measure(event, now)
        write_entries([entry(event, "applied", now, steps=event.steps.filter(status="done").count())])


def _fail(event: OptimizationEvent, cause: str, now: datetime) -> None:
    """Put down why, skip what would have followed, and take back what was done where the policy says so."""
    with transaction.atomic():
        mine = OptimizationEvent.objects.filter(pk=event.pk, status=Status.APPLYING)
        if not mine.update(status=Status.FAILED, error_message=cause, ended_at=now, leased_until=None):
            return
        event.refresh_from_db()
        rest = event.steps.filter(status__in=[Step.Status.PROPOSED, Step.Status.RUNNING])
        rest.update(status=Step.Status.SKIPPED, error="A step before it has failed.")
        write_entries([entry(event, "failed", now, error=cause)])
    if OptimizerPolicy.current().on_failure == OptimizerPolicy.OnFailure.UNDO:
        _undo_quietly(event, now)


def _undo_quietly(event: OptimizationEvent, now: datetime) -> None:
    """After a failure: what cannot be taken back is said, and stays."""
    try:
        with transaction.atomic():
            _undo(event, now)
    except OperationFailed as failure:
        said = f"{event.error_message} What was done before could not be taken back: {failure}"
        OptimizationEvent.objects.filter(pk=event.pk).update(error_message=said)


def _undo(event: OptimizationEvent, now: datetime) -> list[str]:
    """Undo what was done, the last first, in the current transaction; return what cannot be undone."""
    left = []
    done = event.steps.select_for_update().filter(status=Step.Status.DONE).order_by("-position")
    for step in done:
        operation = operations[step.operation]
        if not operation.reversible:
            left.append(operation.label)
            continue
        operation.undo(task_of(event, step, now), step.before or {}, step.after or {})
        Step.objects.filter(pk=step.pk).update(status=Step.Status.UNDONE, undone_at=now)
        log(event, f"undo_{step.operation}", now, details={"step": str(step.pk)})
    return left
