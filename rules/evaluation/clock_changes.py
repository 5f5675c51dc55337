"""Changes of the clock, in the activity log, for RULES_EVENTS; what a clock ahead has written is set right."""

import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.dispatch import Signal

from rules.engine.event_kinds import EventKind
from rules.evaluation.clock_skew import pull_back
from rules.models import ActivityEntry
from smartagent.kernel.durations import format_duration
from smartagent.kernel.formats import counted
from smartagent.kernel.member_role import as_owner

CLOCK_SET = "clock_set"
BACK, AHEAD = "back", "ahead"
SETTLING = timedelta(minutes=10)  # after the clock was set back, in which missing data may only lie in the future
SMALLEST = timedelta(seconds=5)  # a clock that is corrected little by little moves less between two looks
STEADY_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)  # the former also counts while a machine sleeps


def _sentence(facts: Mapping[str, Any]) -> str:
    first = f"The clock of the machine was set {facts['direction']} by {facts['length']}."
    if facts["direction"] != BACK:
        return first
    ignored = f"Rules ignore missing data for {format_duration(SETTLING)}."
    return f"{first} Reset to the current time: {facts['instances']}. {ignored}"


CLOCK_EVENTS = (EventKind(kind=CLOCK_SET, label="clock set", tone="warning", sentence=_sentence),)
# With `now`: times that may be far in the future, since the clock was ahead, are to be made due.
clock_was_ahead = Signal()


class ClockWatch:
    """Compares the clock with one that nobody sets."""

    def __init__(self) -> None:
        self.offset: float | None = None

    def look(self, now: datetime) -> bool:
        """Write an entry where the clock was set since the last look; have times of the future set right where it was
        set back, and at the first look. Return whether the database was asked."""
        offset = _offset()
        moved = timedelta(seconds=round(offset - self.offset)) if self.offset is not None else None
        if moved is not None and abs(moved) < SMALLEST:
            return False
        if moved is None or moved < timedelta(0):
            clock_was_ahead.send(ClockWatch, now=now)
        if moved is not None:
            _log(moved, now, pull_back(now, SMALLEST) if moved < timedelta(0) else 0)
        self.offset = offset
        return True


def was_set_back(now: datetime) -> bool:
    """Whether the clock was set back so lately that readings may lie in the future, and new ones are yet to come."""
    lately = {"created_at__gt": now - SETTLING, "created_at__lte": now}
    return ActivityEntry.objects.filter(event_type=CLOCK_SET, context__direction=BACK, **lately).exists()


@as_owner()
def _log(moved: timedelta, now: datetime, instances: int) -> None:
    facts = {
        "direction": BACK if moved < timedelta(0) else AHEAD, "length": format_duration(abs(moved)),
        "instances": counted(instances, "instance"),
    }  # fmt: skip
    ActivityEntry.objects.create(
        agent_name="smart_agent", event_type=CLOCK_SET, action_taken="none", status="success", context=facts,
        created_at=now, executed_at=now,
    )  # fmt: skip


def _offset() -> float:
    return time.time() - time.clock_gettime(STEADY_CLOCK)
