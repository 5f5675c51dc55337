"""The state machine of an instance: pure, so that dispatcher, preview and backtest are the same code.

    ok -> firing -> ok;   no_data and error from anywhere, each with a reason

An instance acts when it enters firing, again every `repeat_every`, and where the last try has failed again at
`retry_at`, which moves away with each failure. An error only interrupts an episode: `last_acted` survives it, so that
the instance does not act twice for one episode because its source was away for a while. It is forgotten when the
instance resolves.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import models


class Condition(models.TextChoices):
    OK = "ok", "ok"
    PENDING = "pending", "pending"
    FIRING = "firing", "firing"
    RECOVERING = "recovering", "recovering"
    NO_DATA = "no_data", "no data"
    ERROR = "error", "error"


class Verdict(models.TextChoices):
    """What one reading says about the condition of a rule."""

    MET = "met"
    CLEAR = "clear"
    MISSING = "missing"
    FAILED = "failed"


class Event(models.TextChoices):
    """What the activity log calls a step."""

    FIRED = "rule_fired", "fired"
    REPEATED = "rule_repeated", "fired again"
    RETRIED = "rule_retried", "tried again"
    RESOLVED = "rule_resolved", "resolved"
    NO_DATA = "rule_no_data", "no data"
    ERROR = "rule_error", "could not be read"
    RECOVERED = "rule_recovered", "readable again"


@dataclass(frozen=True, slots=True)
class State:
    """Where an instance stands: its condition, since when, in which episode, when it last acted with success,
    and, where the last try has failed, when to try again."""

    condition: str = "ok"
    reason: str = ""
    since: datetime | None = None
    episode: int = 0
    last_acted: datetime | None = None
    handling: str = "open"
    retry_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Timing:
    """How a rule treats time and missing data."""

    repeat_every: timedelta = timedelta(hours=4)
    no_data_policy: str = "keep"


@dataclass(frozen=True, slots=True)
class Transition:
    """One step of an instance. `acts` where the action of the rule is to be run; `counts` as a triggering."""

    event: str
    old: str
    new: str
    reason: str
    episode: int
    acts: bool
    counts: bool


def step(state: State, verdict: str, timing: Timing, now: datetime, cause: str = "") -> Transition | None:
    """Return where the instance goes at `now`, or None where it stays and nothing is to be done.

    `cause` is the message of a source that failed.
    """
    if verdict == Verdict.FAILED:
        return _fail(state, cause)
    if verdict == Verdict.MISSING:
        return _miss(state, timing, now)
    return _meet(state, timing, now, "") if verdict == Verdict.MET else _clear(state)


def _meet(state: State, timing: Timing, now: datetime, reason: str) -> Transition | None:
    if state.condition != Condition.FIRING:
        episode = state.episode if _goes_on(state) else state.episode + 1
        acts = state.last_acted is None or (state.handling == "open" and _is_due(state, timing, now))
        return Transition(Event.FIRED, state.condition, Condition.FIRING, reason, episode, acts, counts=acts)
    if state.handling != "open":
        return None
    if state.retry_at or state.last_acted is None:
        if state.retry_at and now < state.retry_at:
            return None
        return Transition(
            Event.RETRIED, state.condition, Condition.FIRING, reason, state.episode, acts=True, counts=False
        )
    if _is_due(state, timing, now):
        return Transition(
            Event.REPEATED, state.condition, Condition.FIRING, reason, state.episode, acts=True, counts=True
        )
    return None


def _clear(state: State) -> Transition | None:
    if state.condition == Condition.OK:
        return None
    was_firing = state.condition == Condition.FIRING or _goes_on(state)
    event = Event.RESOLVED if was_firing else Event.RECOVERED
    return Transition(event, state.condition, Condition.OK, "", state.episode, acts=False, counts=False)


def _miss(state: State, timing: Timing, now: datetime) -> Transition | None:
    if timing.no_data_policy == "fire":
        return _meet(state, timing, now, "no data")
    keeps = state.condition == Condition.FIRING and timing.no_data_policy == "keep"
    if keeps or state.condition == Condition.NO_DATA:
        return None
    event = Event.RESOLVED if state.condition == Condition.FIRING else Event.NO_DATA
    return Transition(event, state.condition, Condition.NO_DATA, "no data", state.episode, acts=False, counts=False)


def _fail(state: State, cause: str) -> Transition | None:
    if state.condition == Condition.ERROR and _gist(state.reason) == _gist(cause):
        return None
    return Transition(Event.ERROR, state.condition, Condition.ERROR, cause, state.episode, acts=False, counts=False)


def _gist(cause: str) -> str:
    """A cause without what differs each time: times, numbers, addresses and ids."""
    return re.sub(r"[0-9a-f-]*\d[0-9a-f-]*", "#", cause.lower())


def _goes_on(state: State) -> bool:
    """An episode that was interrupted by an error, not ended: it had acted and never resolved."""
    return state.condition == Condition.ERROR and state.last_acted is not None


def _is_due(state: State, timing: Timing, now: datetime) -> bool:
    return state.last_acted is not None and now - state.last_acted >= timing.repeat_every
