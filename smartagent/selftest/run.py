"""One run of the self-test: its stages, the row that keeps them, and the notice to operators where too much fails."""

import time
from collections.abc import Iterable
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.utils import timezone
from django_q.models import Schedule

from notifications.gateway import post
from notifications.models import Channel, ReliabilityGoal, SelfTestRun
from rules.engine.intervals import evaluation_interval, has_evaluator
from rules.models import DispatchRun
from smartagent.doctor.delivery import overdue_deliveries
from smartagent.doctor.scheduler import overdue_tasks
from smartagent.doctor.schema_findings import about
from smartagent.kernel.member_role import as_owner
from smartagent.selftest.notice import level_of, notices
from smartagent.selftest.scenario import ACTIONS, try_actions
from smartagent.selftest.stage import Stage, StageFailed, StageStatus, timed
from smartagent.selftest.transport import send_by
from smartagent.setup.schedules import SCHEDULE_PREFIX
from smartagent.verification.evaluations import DispatcherBusy

log = structlog.get_logger(__name__)
RUNS_KEPT = timedelta(days=90)
MAX_WAIT = 45  # seconds
BEFORE = timedelta(seconds=10)  # the next scheduled evaluation
SCHEDULER_CYCLE = timedelta(seconds=35)  # django-q2 looks for due schedules every half a minute


def run_scheduled() -> str:
    """The scheduled self-test; the result is kept in django-q2's task log."""
    run = run_self_test("schedule")
    return f"{run.passed} passed, {run.failed} failed"


@as_owner()
def run_self_test(trigger: str) -> SelfTestRun:
    """Run all stages, keep the result, and notify operators where too much fails."""
    _wait_for_a_gap()
    started = timezone.now()
    channels = test_channels()
    stages = [timed("workers", lambda: _check_workers(started))]
    try:
        actions, calls = try_actions(channels, started)
    except DispatcherBusy as error:
        skipped = [Stage(stage=name, status=StageStatus.SKIPPED, error=str(error)) for name in ACTIONS]
        actions, calls = skipped, []
    except Exception as error:  # the transaction itself, for example because the database is read-only
        actions, calls = [_failed(name, error) for name in ACTIONS], []
    stages += [*actions, *send_by(calls, channels)]
    return _keep(trigger, started, stages)


def test_channels() -> list[Channel]:
    """The channels that administrators marked, which still are in use."""
    marked = ReliabilityGoal.current().test_channels
    return list(Channel.objects.in_use().filter(pk__in=marked, user__is_active=True).select_related("user"))


@transaction.atomic
def _keep(trigger: str, started: datetime, stages: Iterable[Stage]) -> SelfTestRun:
    kept = [stage.as_dict() for stage in stages]
    now = timezone.now()
    run = SelfTestRun(
        trigger=trigger, started_at=started, finished_at=now, stages=kept,
        passed=sum(stage["status"] == StageStatus.PASSED for stage in kept),
        failed=sum(stage["status"] == StageStatus.FAILED for stage in kept),
    )  # fmt: skip
    run.noticed_level = level_of(run, now)
    run.save(force_insert=True)
    if run.noticed_level:
        post(notices(run, now), now)
    SelfTestRun.objects.filter(started_at__lt=now - RUNS_KEPT).delete()
    log.info("self-test", passed=run.passed, failed=run.failed, noticed_level=run.noticed_level)
    return run


def _check_workers(now: datetime) -> None:
    """Workers take tasks, and deliveries are sent: what the test sends itself would not show that."""
    if late := overdue_tasks(now):
        raise StageFailed(f"Tasks have been due for {about(late)}: no worker is running.")
    count, since = overdue_deliveries(now)
    if since is not None:
        raise StageFailed(f"{count:,} due for {about(now - since)}: no worker is sending deliveries.")


def _failed(stage: str, error: Exception) -> Stage:
    return Stage(stage=stage, status=StageStatus.FAILED, error=f"{type(error).__name__}: the database refused it.")


def _wait_for_a_gap() -> None:
    """Wait until no scheduled evaluation runs or is about to begin: one that finds another running is skipped."""
    until = time.monotonic() + MAX_WAIT
    while not _is_gap(timezone.now()) and time.monotonic() < until:
        time.sleep(0.5)


def _is_gap(now: datetime) -> bool:
    """Whether the evaluation of this interval has ended, and the next is not due soon; or none takes place at all."""
    if has_evaluator():
        return _is_gap_of_evaluator(now)
    schedule = Schedule.objects.filter(name=f"{SCHEDULE_PREFIX}dispatch").first()
    if schedule is None or schedule.next_run is None or schedule.next_run < now - SCHEDULER_CYCLE:
        return True
    due = schedule.next_run - evaluation_interval()
    ended = DispatchRun.objects.by_clock().filter(started_at__gte=due, finished_at__isnull=False)
    return schedule.next_run > now + BEFORE and ended.exists()


def _is_gap_of_evaluator(now: datetime) -> bool:
    run, interval = DispatchRun.objects.by_clock().first(), evaluation_interval()
    if run is None or now - run.started_at > 2 * interval:
        return True
    return run.finished_at is not None and run.started_at + interval > now + min(BEFORE, interval / 3)
