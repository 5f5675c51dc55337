"""The team's actions in the demo month: respond to optimizations, acknowledge, silence, give feedback."""

import random
from collections.abc import Callable, Collection, Iterator
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import F
from django.db.models.functions import Least

from optimizer.execution.runner import apply
from optimizer.inert import unchanging
from optimizer.models import OptimizationEvent
from optimizer.proposals.decisions import approve, dismiss, done_by_hand, expire
from optimizer.tasks import measure_all
from rules.health.feedback import judge
from rules.instances.handling import acknowledge
from rules.models import ActivityEntry, Integration, RuleState, Silence
from rules.silences.lifecycle import make
from smartagent.demo.readings import REPORT_TYPE
from smartagent.demo.replay import Happening
from smartagent.models import User

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TEAM_HOURS = (8, 12, 16)  # the hours at which somebody looks after what is open
RELIEVED, RELIEF = 0.5, Decimal(5)  # up to which luck a longer sync interval helps, and how much
USEFUL = {"An integration is down": 0.95, "Fusion score is low": 0.8, "My score": 0.5, "My anomalies": 0.2}


def make_team_happenings(
    operators: list[User], others: Collection[User], start: datetime, end: datetime, dice: random.Random
) -> list[Happening]:
    """Return the team's actions: three times a day one of `operators` handles alerts and proposals.

    What concerns `others` is handled elsewhere. Every hour unanswered proposals expire, and applied ones are measured.
    """
    found = [Happening(at, _expire_and_measure(at)) for at in _every(HOUR, start, end)]
    rounds = (at for at in _every(HOUR, start, end - 2 * HOUR) if at.hour in TEAM_HOURS)
    found += [Happening(at, _look_after(operators[at.day % len(operators)], others, at, dice)) for at in rounds]
    return [
        *found,
        Happening(start, _silence_sundays(operators[0], start, end)),
        Happening(end - HOUR, _silence_now(operators[1], end - HOUR)),
    ]


def _every(step: timedelta, start: datetime, end: datetime) -> Iterator[datetime]:
    at = datetime.combine(start.date(), time(start.hour), start.tzinfo) + HOUR
    while at <= end:
        yield at
        at += step


def _expire_and_measure(at: datetime) -> Callable[[], None]:
    def see() -> None:
        expire(at)
        measure_all(at)

    return see


def _look_after(person: User, others: Collection[User], at: datetime, dice: random.Random) -> Callable[[], None]:
    def look() -> None:
        proposed = OptimizationEvent.objects.proposed().exclude(rule=None).exclude(user__in=others)
        for event in proposed.filter(expires_at__gt=at).order_by("created_at"):
            _answer(event, person, at, dice.random())
        old = RuleState.objects.filter(condition="firing", handling="open", fired_at__lt=at - HOUR)
        acknowledge(
            old.exclude(user__in=others).filter(rule__severity__in=["high", "critical"]),
            person,
            at,
            None,
            "I am on it.",
        )
        fired = ActivityEntry.objects.filter(event_type="rule_fired", created_at__range=(at - 8 * HOUR, at))
        verdicts: dict[bool, list[UUID]] = {True: [], False: []}
        for entry, name in fired.filter(rule__rule_name__in=USEFUL).values_list("pk", "rule__rule_name"):
            verdicts[dice.random() < USEFUL[name]].append(entry)
        for useful, entries in verdicts.items():
            judge(entries, person, useful, at)

    return look


def _answer(event: OptimizationEvent, person: User, at: datetime, luck: float) -> None:
    operations = set(event.steps.values_list("operation", flat=True))
    if not operations and luck < 0.7 and _reconnect(event, at):
        done_by_hand(event, person, at, note="Signed in again.")
    elif operations <= set(unchanging()):  # what changes nothing has no effect to measure
        if luck < 0.5:
            dismiss(event, person, at, until=at + 7 * DAY, note="Evidence only: there is nothing to change.")
    elif luck < 0.7:
        approve(event, person, at)
        apply(event.pk, at)
        if "adjust_sync_interval" in operations and luck < RELIEVED:
            _relieve(event, at)
    elif luck < 0.85:
        dismiss(event, person, at, until=at + 7 * DAY, note="It rights itself.")


def _relieve(event: OptimizationEvent, at: datetime) -> None:
    """Let the longer sync interval show in the engine's later reports: the platform has less to do for the person."""
    later = OptimizationEvent.objects.filter(user=event.user_id, source_event_type=REPORT_TYPE, created_at__gt=at)
    later.update(efficiency_index=Least(F("efficiency_index") + RELIEF, Decimal(100)))


def _reconnect(event: OptimizationEvent, at: datetime) -> int:
    """Sign in again to the person's failing integrations; return their number."""
    failing = Integration.objects.filter(user=event.user_id, status=Integration.Status.ERROR)
    return failing.update(status=Integration.Status.ACTIVE, error_message=None, last_sync_at=at, updated_at=at)


def _silence_sundays(person: User, start: datetime, end: datetime) -> Callable[[], Any]:
    berlin = ZoneInfo("Europe/Berlin")
    night = datetime.combine(start.astimezone(berlin).date(), time(2), berlin)
    silence = Silence(
        comment="Backup on Sunday nights", metric="latency_ms", starts_at=night, ends_at=end + 30 * DAY,
        recurrence="FREQ=WEEKLY;BYDAY=SU", duration=4 * HOUR, time_zone="Europe/Berlin",
    )  # fmt: skip
    return lambda: make(silence, person, start)


def _silence_now(person: User, at: datetime) -> Callable[[], Any]:
    silence = Silence(comment="The queue is moved", metric="queue_depth", starts_at=at, ends_at=at + 4 * HOUR)
    return lambda: make(silence, person, at)
