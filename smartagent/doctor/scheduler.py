"""Checks of the scheduler: evaluations are on time, workers are alive, tasks succeed.

Workers on other machines can only be seen by their work: each keeps the schedules, so a schedule that is long overdue
means that no worker is alive.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django_q.models import Schedule, Task

from rules.engine.intervals import evaluation_interval, has_evaluator
from rules.evaluation.heartbeat import failing_since
from rules.models import ActivityEntry, DispatchRun
from smartagent.doctor.findings import FIX, Finding, error, warning
from smartagent.doctor.schema_findings import about
from smartagent.kernel.schema_drift_log import EVENT
from smartagent.setup.process_deaths import PROCESS_ENDED
from smartagent.setup.redis_starts import REDIS_STARTED
from smartagent.setup.schedules import SCHEDULE_PREFIX, lacking
from smartagent.setup.task_broker import KEEP_TASKS, NAME_REDIS, broker_problem, broker_risk, oldest_queued

FAILURES_SPAN = timedelta(hours=24)
SCHEDULE_GRACE = timedelta(minutes=2)
EVALUATION_GRACE = timedelta(minutes=2)
EVALUATOR_GRACE = timedelta(minutes=1)
START_WORKERS = "Start `manage.py up`, or `manage.py qcluster` if the web server runs elsewhere."
START_EVALUATOR = "Start `manage.py up`, or `manage.py evaluate` if the web server runs elsewhere."
MAX_COUNTED_TASKS = 1000
TASK_LABELS = dict.fromkeys(("rules.tasks.tick", "rules.tasks.catch_up"), "the evaluation of the rules")


def check_schedules() -> Iterator[Finding]:
    """The schedules in the database match the code."""
    for name in lacking():
        yield error("schedules", f"The schedule “{name}” is missing, or was changed.", FIX, repairable=True)


def check_broker() -> Iterator[Finding]:
    """Tasks can be queued, and stay there."""
    if problem := broker_problem():
        yield error("task queue", problem, NAME_REDIS)
    if risk := broker_risk():
        yield warning("task queue", risk, KEEP_TASKS)


def check_lost_tasks(now: datetime) -> Iterator[Finding]:
    """Redis was not started without its tasks in the last day."""
    lost = ActivityEntry.objects.filter(event_type=REDIS_STARTED, context__kept=False).last_day(now)
    if newest := lost.order_by("-created_at").first():
        yield warning("task queue", f"Redis was started {about(now - newest.created_at)} ago without the tasks that "
                      "waited in it.", KEEP_TASKS)  # fmt: skip


def check_workers(now: datetime) -> Iterator[Finding]:
    """Due tasks must be taken by a worker."""
    late = overdue_tasks(now)
    if late is None:
        return
    last = Task.objects.order_by("-stopped").values_list("stopped", flat=True).first()
    if last is None:
        yield warning("workers", "No worker has run yet: rules are not evaluated on schedule.", START_WORKERS)
    else:
        last_task = f"the last task finished {about(now - last)} ago"
        yield error(
            "workers", f"Tasks have been due for {about(late)}; {last_task}: no worker is running.", START_WORKERS
        )


def overdue_tasks(now: datetime) -> timedelta | None:
    """How long the oldest due task has been waiting; None where that is within limits."""
    allowed = SCHEDULE_GRACE + 2 * evaluation_interval()
    due = (
        Schedule.objects.filter(name__startswith=SCHEDULE_PREFIX)
        .order_by("next_run")
        .values_list("next_run", flat=True)
    )
    waits = [now - since for since in (due.first(), oldest_queued()) if since is not None and now - since > allowed]
    return max(waits, default=None)


def last_evaluation() -> tuple[datetime, str] | None:
    """When the newest scheduled evaluation that is over ended, and its outcome; None without one."""
    outcomes = [DispatchRun.Outcome.COMPLETED, DispatchRun.Outcome.FAILED]
    runs = DispatchRun.objects.by_clock().filter(outcome__in=outcomes, finished_at__isnull=False)
    return runs.values_list("finished_at", "outcome").first()


def is_late(ended_at: datetime, now: datetime) -> bool:
    """Whether another scheduled evaluation should have ended since."""
    return now - ended_at > 2 * evaluation_interval() + (EVALUATOR_GRACE if has_evaluator() else EVALUATION_GRACE)


def check_evaluations_late(now: datetime) -> Iterator[Finding]:
    """An evaluation must have ended in the last two intervals."""
    ended = last_evaluation()
    if ended and is_late(ended[0], now):
        fix = START_EVALUATOR if has_evaluator() else START_WORKERS
        yield error("evaluations", f"The last scheduled evaluation ended {about(now - ended[0])} ago.", fix)


def check_heartbeat(now: datetime) -> Iterator[Finding]:
    """Requests to HEARTBEAT_URL succeed."""
    if entry := failing_since():
        length = about(max(now - entry.created_at, timedelta(minutes=1)))
        yield warning("heartbeat", f"Heartbeats have failed for {length}: {entry.error_message}",
                      "Check HEARTBEAT_URL, OUTBOUND_ALLOWED and the receiver.")  # fmt: skip


def check_last_evaluation(now: datetime) -> Iterator[Finding]:
    """The last evaluation must have been on time and complete."""
    run = DispatchRun.objects.by_clock().first()
    if run is None:
        return
    when = f"The last evaluation, {about(now - run.started_at)} ago,"
    if run.outcome == DispatchRun.Outcome.FAILED:
        yield error("evaluations", f"{when} failed: {run.error_message or 'no error text'}", "See Runs.")
    elif run.error_message:
        yield warning("evaluations", f"{when} had errors: {run.error_message}", "See Runs.")
    elif run.late_by and run.late_by > evaluation_interval():
        yield warning("evaluations", f"{when} was {about(run.late_by)} late.",
                      "Run more workers (WORKERS), or check the duration of stages under Runs.")  # fmt: skip


def check_failures(now: datetime) -> Iterator[Finding]:
    """Tasks that failed in the last day."""
    ours = ActivityEntry.objects.filter(agent_name="smart_agent").exclude(event_type__in=[EVENT, PROCESS_ENDED])
    entries = ours.failed().last_day(now).order_by("-created_at")
    newest = list(entries.values_list("error_message", flat=True)[: MAX_COUNTED_TASKS + 1])
    if newest:
        count = f"{MAX_COUNTED_TASKS:,}+" if len(newest) > MAX_COUNTED_TASKS else f"{len(newest):,}"
        problem = f"{count} {'action or reading' if len(newest) == 1 else 'actions or readings'} failed in the last day"
        yield warning("activity", f"{problem}; the newest: {newest[0] or 'no error text'}",
                      "See Activity, filtered by failed.")  # fmt: skip
    failed = Task.objects.filter(success=False, stopped__gte=now - FAILURES_SPAN).order_by("-stopped")
    tasks = failed.values_list("func", "result")[:1]
    for func, result in tasks:
        last = str(result or "").strip().partition(" : Traceback")[0].partition("\n")[0]
        problem = f"{TASK_LABELS.get(func, func)} failed {_times(failed.count())} in the last day"
        yield warning("workers", f"{problem[:1].upper()}{problem[1:]}; the last: {last}", "See the workers' log.")


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count:,} times"
