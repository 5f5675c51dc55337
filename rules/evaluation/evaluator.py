"""The evaluator: evaluates all rules every EVALUATE_EVERY_SECONDS, where a schedule of whole minutes is too coarse.

Any number of processes may run it. The one that holds the lock evaluates, by a clock that nobody sets; when it ends,
however it does, the database gives the lock to another, which goes on where an interval has passed.

Where the workers' schedule evaluates, a worker also looks each minute whether the last one was interrupted, or did
not begin, since a machine has died; it evaluates then, and the task of the dead one, which comes again, does not.
"""

import time
from datetime import datetime, timedelta

import structlog
from django.db import DatabaseError, connection
from django.utils import timezone

from rules.engine.intervals import evaluation_interval, has_evaluator
from rules.evaluation.clock_changes import ClockWatch
from rules.evaluation.connection_cuts import ConnectionWatch
from rules.evaluation.database_starts import log_database_start
from rules.evaluation.dispatcher import EVALUATION_LOCK
from rules.evaluation.heartbeat import evaluate_with_heartbeat
from rules.evaluation.replica_lag import ReplicaWatch
from rules.models import DispatchRun
from smartagent.kernel.session_lock import alone
from smartagent.kernel.stop import Stop

log = structlog.get_logger(__name__)
EVALUATOR_LOCK = 0x5A9E16  # any number, the same for every evaluator of this database
STANDBY_SECONDS = 1.0  # between two looks at the lock
WATCH_SECONDS = 15.0  # between two looks at the clock, where the workers evaluate
ABSENT_AFTER = timedelta(minutes=1)  # without an evaluation the schedule of whole minutes takes over


class Evaluator:
    """Evaluates until stopped, or waits for its turn; and watches the clock."""

    def __init__(self) -> None:
        self.stopped = Stop()
        self.watches = ClockWatch(), ConnectionWatch(), ReplicaWatch()

    def run(self) -> None:
        """Evaluate while this process holds the lock. With an interval of whole minutes, only watch
        the clock."""
        if not has_evaluator():
            log.info("the schedule of the workers evaluates the rules", every=str(evaluation_interval()))
        while not self.stopped.is_set():
            try:
                if has_evaluator():
                    self._take_turn()
                else:
                    self._watch_clock()
            except Exception as error:  # whatever it is, the next evaluation is due
                log.error("evaluator failed", error=str(error).strip(), kind=type(error).__name__)
                connection.close()
            self.stopped.wait(STANDBY_SECONDS)

    def _take_turn(self) -> None:
        with alone(EVALUATOR_LOCK) as free:
            if free:
                self._lead()

    def _lead(self) -> None:
        """Evaluate at each interval; one that lasted longer is followed by the next at once, and none is made up."""
        log.info("evaluating", every=str(evaluation_interval()))
        interval = evaluation_interval().total_seconds()
        due = time.monotonic() + _left(timezone.now())
        while not self.stopped.wait(max(due - time.monotonic(), 0)):
            for watch in self.watches:
                watch.look(timezone.now())
            log_database_start(timezone.now())
            evaluate_with_heartbeat(timezone.now(), DispatchRun.Trigger.SCHEDULE)
            due = max(due + interval, time.monotonic())

    def _watch_clock(self) -> None:
        while not self.stopped.is_set():
            if self.watches[0].look(timezone.now()):
                connection.close()
            self.stopped.wait(WATCH_SECONDS)


def evaluate_instead(now: datetime) -> DispatchRun | None:
    """Evaluate for an evaluator that does not run; None where one does."""
    if not has_evaluator() or _left(now, ABSENT_AFTER):
        return None
    try:
        with alone(EVALUATOR_LOCK) as free:
            return evaluate_with_heartbeat(now, DispatchRun.Trigger.SCHEDULE) if free else None
    except DatabaseError:
        connection.close()
        raise


def evaluate_on_schedule(now: datetime) -> DispatchRun | None:
    """Evaluate; None where that was done less than half an interval ago: a task of a killed worker comes again."""
    since = now - evaluation_interval() / 2
    done = DispatchRun.objects.by_clock().filter(outcome=DispatchRun.Outcome.COMPLETED, started_at__range=[since, now])
    if done.exists():
        return None
    log_database_start(now)
    return evaluate_with_heartbeat(now, DispatchRun.Trigger.SCHEDULE)


def evaluate_again(now: datetime) -> DispatchRun | None:
    """Evaluate where the last scheduled evaluation was interrupted, or is more than a minute overdue; else None.

    An evaluation that is interrupted twice in a row waits for the schedule: it may be what ends its worker.
    """
    runs = DispatchRun.objects.by_clock().exclude(outcome=DispatchRun.Outcome.OVERLAPPED)
    newest = list(runs.filter(started_at__lte=now)[:2])
    interrupted = [run.was_interrupted for run in newest]
    overdue = bool(newest) and newest[0].started_at + evaluation_interval() + ABSENT_AFTER <= now
    if has_evaluator() or not (overdue or interrupted[:1] == [True]) or interrupted == [True, True]:
        return None
    with alone(EVALUATION_LOCK) as free:  # one that goes on is neither
        if not free:
            return None
    return evaluate_on_schedule(timezone.now())


def _left(now: datetime, interval: timedelta | None = None) -> float:
    """The seconds until an interval has passed since the last scheduled evaluation; 0 where it has, or the clock was
    set back."""
    interval = max(interval or timedelta(0), evaluation_interval())
    began = DispatchRun.objects.by_clock().values_list("started_at", flat=True).filter(started_at__lte=now).first()
    return max((began + interval - now).total_seconds(), 0) if began else 0.0
