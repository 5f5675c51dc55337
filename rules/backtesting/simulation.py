"""A simulation of one instance over time, by the same `step` as in the dispatcher.

Only evaluations at which something can change are simulated: those with a new observation, and those at which a
duration ends.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from rules.engine.state_machine import acted, due, step
from rules.engine.states import Observation, StateRecord, Timing, Transition


@dataclass(frozen=True, slots=True)
class ObservationAt:
    """An observation that holds from the evaluation with this index until the next observation."""

    index: int
    observation: Observation


@dataclass(frozen=True, slots=True)
class Silent:
    """A time during which an instance is silenced: from `start`, before `end`."""

    start: datetime
    end: datetime
    words: str


@dataclass(frozen=True, slots=True)
class SimulatedStep:
    """One transition of one instance, with the reading that caused it."""

    at: datetime
    transition: Transition
    person: UUID | None = None
    value: float | None = None
    target: str = ""  # the series or group, where the rule has several instances


def play(
    seen: Iterable[ObservationAt], moments: Sequence[datetime], timing: Timing, silences: Sequence[Silent] = ()
) -> Iterator[SimulatedStep]:
    """Step an instance through `moments`, every action succeeding at once; return its transitions.

    `seen` is in the order of evaluations; of several at one evaluation the last counts.
    """
    state = StateRecord()
    for now_seen, until in _with_ends(_with_silences(seen, moments, silences), len(moments)):
        place: int | None = now_seen.index
        while place is not None and place < until:
            at = moments[place]
            transition = step(state, now_seen.observation, timing, at)
            if transition:
                yield SimulatedStep(at, transition)
                state = acted(transition.state, at) if transition.acts else transition.state
            wakes = due(state, timing)
            place = max(place + 1, bisect_left(moments, wakes, place + 1)) if wakes else None


def _with_ends(seen: Iterable[ObservationAt], end: int) -> Iterator[tuple[ObservationAt, int]]:
    before: ObservationAt | None = None
    for each in seen:
        if before and each.index > before.index:
            yield before, min(each.index, end)
        before = each
    if before and before.index < end:
        yield before, end


def _with_silences(
    seen: Iterable[ObservationAt], moments: Sequence[datetime], silences: Sequence[Silent]
) -> Iterable[ObservationAt]:
    """The observations, each with the silence that covers it; one more wherever only the silence changes."""
    if not silences:
        return seen
    return _merged(list(seen), moments, silences)


def _merged(
    seen: list[ObservationAt], moments: Sequence[datetime], silences: Sequence[Silent]
) -> Iterator[ObservationAt]:
    spans = [(bisect_left(moments, each.start), bisect_left(moments, each.end), each) for each in silences]
    marks = sorted({edge for first, last, _ in spans for edge in (first, last)} | {each.index for each in seen})
    place, observation = 0, None
    for mark in marks:
        while place < len(seen) and seen[place].index <= mark:
            observation, place = seen[place].observation, place + 1
        if observation is None:
            continue
        over = [each for first, last, each in spans if first <= mark < last]
        longest = max(over, key=lambda each: each.end, default=None)
        words = longest.words if longest else ""
        yield ObservationAt(mark, replace(observation, silence=words, silenced_by=words))
