"""The schedules. `up` and every `migrate` write them to the database."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone
from django_q.models import OrmQ, Schedule

from rules.engine.intervals import has_evaluator

SCHEDULE_PREFIX = "smartagent: "
WEEKLY = 0
SKEW = timedelta(minutes=2)  # of the clocks of two machines


@dataclass(frozen=True, kw_only=True)
class Repeated:
    """A function of a module, by dotted path, run every so many minutes; with 0 every Monday at 07:00 UTC.

    At night: for the first time at 02:30 UTC. Later: for the first time when that many minutes have passed.
    """

    name: str
    func: str
    minutes: int
    at_night: bool = False
    later: bool = False

    @property
    def interval(self) -> timedelta:
        """The time between two runs."""
        return timedelta(minutes=self.minutes) if self.minutes else timedelta(days=7)

    def first_run(self, now: datetime) -> datetime:
        """When it runs first: at once, later, in the next night, or on the next Monday morning."""
        if self.at_night:
            night = now.replace(hour=2, minute=30, second=0, microsecond=0)
            return night if night > now else night + timedelta(days=1)
        if self.minutes:
            return now + timedelta(minutes=self.minutes if self.later else 0)
        monday = (now - timedelta(days=now.weekday())).replace(hour=7, minute=0, second=0, microsecond=0)
        return monday if monday > now else monday + timedelta(days=7)


def wanted() -> list[Repeated]:
    """The schedules as they should be."""
    return [
        *_backups(),
        *_catching_up(),
        *_self_test(),
        Repeated(name="dispatch", func="rules.tasks.tick", minutes=_evaluation_minutes()),
        Repeated(name="deliver", func="notifications.tasks.send_due", minutes=1),
        Repeated(name="retention", func="notifications.tasks.forget_old", minutes=24 * 60),
        Repeated(name="retention of the log", func="smartagent.retention.deletion.delete_old", minutes=24 * 60),
        Repeated(name="optimize", func="optimizer.tasks.optimize", minutes=1),
        Repeated(name="optimizer report", func="optimizer.tasks.report", minutes=WEEKLY),
        Repeated(name="recycle bin", func="rules.lifecycle.recycle_bin.empty_bin", minutes=24 * 60),
        Repeated(name="roll-ups", func="rules.tasks.roll_up_samples", minutes=60),
        Repeated(name="sample storage", func="rules.tasks.keep_samples", minutes=24 * 60),
        Repeated(name="activity counts", func="rules.tasks.count_entries", minutes=24 * 60),
        Repeated(name="audit", func="rules.tasks.seal_entries", minutes=1),
        Repeated(name="audit verification", func="rules.tasks.verify_entries", minutes=24 * 60),
        Repeated(name="audit anchor", func="rules.tasks.anchor_entries", minutes=24 * 60),
        Repeated(name="notices", func="smartagent.operator_notices.failures.notify_of_failures", minutes=5),
        Repeated(name="log of reads", func="smartagent.read_log.windows.close_windows", minutes=10),
        Repeated(name="token expiry", func="smartagent.accounts.token_expiry.notify_of_expiry", minutes=60),
        Repeated(name="forget", func="smartagent.rest.idempotency.forget_old_keys", minutes=60),
        Repeated(name="sign-in", func="smartagent.accounts.tasks.forget_expired", minutes=60),
    ]


def _evaluation_minutes() -> int:
    """Where the evaluator is to start evaluations, the schedule looks every minute whether it does."""
    return 1 if has_evaluator() else settings.EVALUATE_EVERY_SECONDS // 60


def _catching_up() -> list[Repeated]:
    """Where the next evaluation would be long after one that was interrupted."""
    func = "rules.tasks.catch_up"
    return [Repeated(name="evaluations", func=func, minutes=1)] if _evaluation_minutes() > 1 else []


def _self_test() -> list[Repeated]:
    minutes = settings.SELFTEST_EVERY_MINUTES
    func = "smartagent.selftest.run.run_scheduled"
    return [Repeated(name="self-test", func=func, minutes=minutes, later=True)] if minutes > 0 else []


def _backups() -> list[Repeated]:
    hours = settings.BACKUP_EVERY_HOURS
    if not settings.BACKUP_FOLDER or hours <= 0:
        return []
    begin = "smartagent.backup.scheduled.begin"
    return [Repeated(name="backup", func=begin, minutes=hours * 60, at_night=hours >= 24)]


def synchronise(using: str = "default") -> None:
    """Make, correct or remove schedules of ours, so that they are what the code says; others are left alone."""
    names = []
    for repeated in wanted():
        names.append(SCHEDULE_PREFIX + repeated.name)
        values = _values(repeated)
        Schedule.objects.using(using).update_or_create(
            name=SCHEDULE_PREFIX + repeated.name,
            defaults=values,
            create_defaults=values | {"next_run": repeated.first_run(timezone.now())},
        )
    Schedule.objects.using(using).filter(name__startswith=SCHEDULE_PREFIX).exclude(name__in=names).delete()


def pull_back(now: datetime, **sent: object) -> None:
    """Make due what a clock ahead has put off: schedules of ours that are further away than their interval, and queued
    tasks that are locked by a time to come."""
    ours = {SCHEDULE_PREFIX + repeated.name: repeated for repeated in wanted()}
    ahead = [
        schedule
        for schedule in Schedule.objects.filter(name__in=ours, next_run__gt=now + SKEW)
        if schedule.next_run > now + ours[schedule.name].interval + SKEW
    ]
    for schedule in ahead:
        schedule.next_run = ours[schedule.name].first_run(now)
    Schedule.objects.bulk_update(ahead, ["next_run"])
    OrmQ.objects.filter(lock__gt=now + SKEW).update(lock=now)


def lacking(using: str = "default") -> list[str]:
    """Return the schedules that are not in the database as they should be."""
    there = Schedule.objects.using(using)
    known = {each.name: each for each in there.filter(name__startswith=SCHEDULE_PREFIX)}
    return [
        repeated.name
        for repeated in wanted()
        if any(
            getattr(known.get(SCHEDULE_PREFIX + repeated.name), name, None) != value
            for name, value in _values(repeated).items()
        )
    ]


def _values(repeated: Repeated) -> dict[str, Any]:
    if not repeated.minutes:
        return {"func": repeated.func, "schedule_type": Schedule.WEEKLY, "minutes": None, "repeats": -1}
    return {"func": repeated.func, "schedule_type": Schedule.MINUTES, "minutes": repeated.minutes, "repeats": -1}
