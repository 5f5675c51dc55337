"""One instance, stepped through time by the same `step` as in the dispatcher. Only ticks at which something may happen
are looked at: those at which something new is seen, and those at which time itself changes something."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from rules.engine.state_machine import acted, due, step
from rules.engine.states import Observation, StateRecord, Timing, Transition


@dataclass(frozen=True, slots=True)
class ObservationAt:
    """What is seen from the tick with this number on, until something else is."""

    tick: int
    sight: Observation


@dataclass(frozen=True, slots=True)
class Silent:
    """A time in which an instance is silenced: from `start`, before `end`."""

    start: datetime
    end: datetime
    words: str


@dataclass(frozen=True, slots=True)
class SimulatedStep:
    """One transition of one instance, with the reading that it was made on."""

    at: datetime
    transition: Transition
    person: UUID | None = None
    value: float | None = None


def play(
    seen: Iterable[ObservationAt], ticks: Sequence[datetime], timing: Timing, silences: Sequence[Silent] = ()
) -> Iterator[SimulatedStep]:
    """Step an instance through `ticks`, each action succeeding at once; give its transitions.

    `seen` is in the order of ticks; of several at one tick the last counts.
    """
    state = StateRecord()
    for now_seen, until in _with_ends(_with_silences(seen, ticks, silences), len(ticks)):
        place: int | None = now_seen.tick
        while place is not None and place < until:
            at = ticks[place]
            transition = step(state, now_seen.sight, timing, at)
            if transition:
                yield SimulatedStep(at, transition)
                state = acted(transition.state, at) if transition.acts else transition.state
            wakes = due(state, timing)
            place = max(place + 1, bisect_left(ticks, wakes, place + 1)) if wakes else None


def _with_ends(seen: Iterable[ObservationAt], end: int) -> Iterator[tuple[ObservationAt, int]]:
    before: ObservationAt | None = None
    for each in seen:
        if before and each.tick > before.tick:
            yield before, min(each.tick, end)
        before = each
    if before and before.tick < end:
        yield before, end


def _with_silences(
    seen: Iterable[ObservationAt], ticks: Sequence[datetime], silences: Sequence[Silent]
) -> Iterable[ObservationAt]:
    """What is seen, with the silence that covers it: also at the ticks where only that changes."""
    if not silences:
        return seen
    return _merged(list(seen), ticks, silences)


def _merged(
    seen: list[ObservationAt], ticks: Sequence[datetime], silences: Sequence[Silent]
) -> Iterator[ObservationAt]:
    spans = [(bisect_left(ticks, each.start), bisect_left(ticks, each.end), each) for each in silences]
    marks = sorted({edge for first, last, _ in spans for edge in (first, last)} | {each.tick for each in seen})
    place, sight = 0, None
    for mark in marks:
        while place < len(seen) and seen[place].tick <= mark:
            sight, place = seen[place].sight, place + 1
        if sight is None:
            continue
        over = [each for first, last, each in spans if first <= mark < last]
        longest = max(over, key=lambda each: each.end, default=None)
        words = longest.words if longest else ""
        yield ObservationAt(mark, replace(sight, silence=words, silenced_by=words))
