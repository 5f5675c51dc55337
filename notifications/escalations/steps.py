"""The steps of an escalation: pure. Each waits after the one before, then tells its recipients; all may be repeated."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from smartagent.kernel.durations import format_duration
from smartagent.kernel.formats import plural

MAX_ESCALATION_STEPS = 10
SHORTEST, LONGEST = timedelta(minutes=1), timedelta(days=7)
MAX_REPEATS = 9


@dataclass(frozen=True, slots=True)
class EscalationStep:
    """How long it waits, and whom it tells then."""

    after: timedelta
    to: tuple[str, ...]

    def kept(self) -> dict[str, Any]:
        """The steps as the database stores them."""
        return {"after": int(self.after.total_seconds()), "to": list(self.to)}


@dataclass(frozen=True, slots=True)
class StepPosition:
    """The step that comes next, in which round, and when."""

    step: int
    round: int
    due_at: datetime


def begin_at(steps: Sequence[EscalationStep], now: datetime) -> StepPosition:
    """The first step, for what began to fire at `now`."""
    return StepPosition(0, 0, now + steps[0].after)


def after(steps: Sequence[EscalationStep], repeats: int, step: int, turn: int, now: datetime) -> StepPosition | None:
    """The step after `step` of the round `turn`, done at `now`; None where it was the last."""
    if step + 1 < len(steps):
        return StepPosition(step + 1, turn, now + steps[step + 1].after)
    return StepPosition(0, turn + 1, now + steps[0].after) if steps and turn < repeats else None


def read(kept: Any) -> list[EscalationStep]:
    """The steps as they are kept; what is none is left out."""
    rows = kept if isinstance(kept, list) else []
    return [step for row in rows if isinstance(row, Mapping) and (step := _one(row))]


def steps_in_words(steps: Sequence[EscalationStep], repeats: int) -> list[str]:
    """Return each step in words, with the time since the alert fired: `After 15m: ada@example.com`."""
    sentences, since = [], timedelta(0)
    for step in steps:
        since += step.after
        sentences.append(f"After {format_duration(since)}: {', '.join(step.to)}")
    if repeats and steps:
        sentences.append(f"Then repeat all steps, {repeats} {plural(repeats, 'time')}, until somebody acknowledges.")
    return sentences


def _one(row: Mapping[str, Any]) -> EscalationStep | None:
    to = row.get("to")
    try:
        return (
            EscalationStep(timedelta(seconds=float(row["after"])), tuple(map(str, to)))
            if isinstance(to, list)
            else None
        )
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
