"""The state machine of an instance: pure, so that dispatcher, preview and backtest are the same code.

    ok -> pending -> firing -> recovering -> ok;   no_data and error from anywhere, each with a reason

`pending_for` and `keep_firing_for` mean what `for` and `keep_firing_for` of Prometheus' alerting rules mean
(https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/): measured from one evaluation to another.
An instance that changes too often is held open, with one notice, until it has calmed down.

An instance acts when it enters firing, when it passes the critical threshold, again every `repeat_every`, when what
kept it quiet is over, and where the last try has failed again at `retry_at`. An error only interrupts an episode:
`fired_at` survives it, so that the instance does not act twice because its source was away for a while.
"""

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from rules.engine.states import Event, InstanceState, Observation, StateRecord, Timing, Transition, Verdict

REMEMBERED = 7  # changes; more than six of them within the window are flapping
CALM_CHECKS = 3  # changes at most within the window, and the flapping is over
FLAP_WINDOW_CHECKS = 21  # evaluations
DRAFT_REASON = "The rule is a draft."
NO_DATA_REASON = "no data"
GONE_REASON = "series gone"
UNWATCHED_REASON = "no longer evaluated"


def step(state: StateRecord, observation: Observation, timing: Timing, now: datetime) -> Transition | None:
    """Return the transition at `now`, or None where the state stays and no action is due.

    An instance whose state is newer than `now` stays unchanged.
    """
    if any(time and time > now for time in (state.since, state.last_acted)):
        return None
    return _Step(state, observation, timing, now).take()


def acted(state: StateRecord, now: datetime) -> StateRecord:
    """The state after its action succeeded at `now`."""
    return replace(state, last_acted=now, retry_at=None)


def due(state: StateRecord, timing: Timing) -> datetime | None:
    """Return when `step` may next change something without a new observation; None where time alone changes nothing."""
    waits: list[datetime | None] = []
    if state.condition == InstanceState.PENDING and state.since:
        waits = [state.since + timing.pending_for]
    elif state.condition == InstanceState.RECOVERING and state.since:
        calm = (
            state.changes[-CALM_CHECKS - 1] + FLAP_WINDOW_CHECKS * timing.interval
            if state.flapping and len(state.changes) > CALM_CHECKS
            else None
        )
        waits = [max(state.since + timing.keep_firing_for, calm) if calm else state.since + timing.keep_firing_for]
    elif state.condition == InstanceState.FIRING:
        repeats = state.last_acted + timing.repeat_every if state.last_acted else None
        waits = [state.retry_at or repeats, state.handled_until]
    return min((time for time in waits if time), default=None)


@dataclass(frozen=True, slots=True)
class _Step:
    state: StateRecord
    observation: Observation
    timing: Timing
    now: datetime

    def take(self) -> Transition | None:
        verdict = self.observation.verdict
        if verdict == Verdict.UNSEEN:
            return None
        if verdict == Verdict.FAILED:
            return self._by_policy(self.timing.error_policy, InstanceState.ERROR, self.observation.cause)
        if verdict == Verdict.MISSING:
            return self._by_policy(self.timing.no_data_policy, InstanceState.NO_DATA, _no_data(self.observation.cause))
        if verdict == Verdict.MET or (verdict == Verdict.HELD and self.state.fires):
            return self._meet("not past the recovery threshold" if verdict == Verdict.HELD else "")
        return self._gone() if verdict == Verdict.GONE else self._clear(InstanceState.OK, "")

    # -- no data or an error -----------------------------------------------------------------------

    def _by_policy(self, policy: str, where: str, reason: str) -> Transition | None:
        if policy == "fire":
            return self._meet(reason)
        if policy == "resolve" and self.state.fires:
            return self._clear(where, reason)
        if where == InstanceState.NO_DATA and self.state.fires:  # it keeps firing, with its episode
            return None if self.state.condition == InstanceState.RECOVERING else self._meet(reason)
        failed = where == InstanceState.ERROR
        if self.state.condition == where and not (failed and _gist(self.state.reason) != _gist(reason)):
            return None
        event = Event.ERROR if failed else Event.NO_DATA
        interrupted = failed and self.state.fires
        return self._go(event, self._at(where, reason) if interrupted else self._ended(where, reason))

    # -- the condition is met ------------------------------------------------------------------------

    def _meet(self, reason: str) -> Transition | None:
        state = self.state
        if state.condition == InstanceState.FIRING:
            return self._keep_firing(reason)
        if state.fires:
            return self._go_on(reason)
        if self.timing.pending_for:
            if state.condition != InstanceState.PENDING:
                return self._go(Event.PENDING, self._at(InstanceState.PENDING, reason))
            if self._lasted() < self.timing.pending_for:
                return None
        return self._fire(reason)

    def _fire(self, reason: str) -> Transition:
        changes = self._changes()
        flapping = self._too_many(changes)
        state = replace(
            self._at(InstanceState.FIRING, "flapping" if flapping else reason), episode=self.state.episode + 1,
            fired_at=self.now, last_acted=None, retry_at=None, handling="open", handled_until=None,
            silence=self.observation.silence, critical=self.observation.critical, flapping=flapping, changes=changes,
        )  # fmt: skip
        return self._act(Event.FLAPPING if flapping else Event.FIRED, state, counts=True)

    def _go_on(self, reason: str) -> Transition:
        """Continue an episode that was recovering, or that an error had interrupted."""
        relapsed = self.state.condition == InstanceState.RECOVERING
        changes = self._changes() if relapsed else self.state.changes
        state = replace(
            self._reopened() if self._ran_out() or self._worsens() else self.state,
            condition=InstanceState.FIRING, reason=reason, since=self.now, changes=changes,
            critical=self.state.critical or self.observation.critical, silence=self.observation.silence,
        )  # fmt: skip
        event = Event.ESCALATED if self._worsens() else Event.RELAPSED if relapsed else Event.FIRED
        notified = self.state.last_acted is not None and not self.state.silence and not self._ran_out()
        if notified and not self._worsens() and not self._is_due():
            return self._go(event, state)
        if state.handling != "open":
            return self._go(event, state)
        return self._act(event, state, counts=True)

    def _keep_firing(self, reason: str) -> Transition | None:
        state, observation = self.state, self.observation
        here = replace(
            state, reason=reason, silence=observation.silence, flapping=state.flapping and not self._is_calm()
        )
        if self._worsens():
            return self._act(Event.ESCALATED, replace(self._reopened(here), critical=True), counts=True)
        if observation.silence and observation.silence != state.silence:
            return Transition(Event.SILENCED, state.condition, here, quiet=observation.silenced_by)
        if self._ran_out():
            return self._act(Event.REMINDED, self._reopened(here), counts=True)
        if state.silence and not observation.silence:
            if state.handling == "open":
                return self._act(Event.UNSILENCED, here, counts=True)
            return self._go(Event.UNSILENCED, here)
        if observation.silence or state.handling != "open" or self.timing.draft:
            return None
        return self._again(here)

    def _again(self, here: StateRecord) -> Transition | None:
        if self.state.retry_at:
            waits = self.now < self.state.retry_at
            return None if waits else self._act(Event.RETRIED, here, counts=False)
        # An alert that was reopened by hand has not acted since.
        due = self.state.last_acted is None or self._is_due()
        return self._act(Event.REPEATED, here, counts=True) if due else None

    # -- the condition is clear ------------------------------------------------------------------------

    def _clear(self, where: str, reason: str) -> Transition | None:
        """Move towards `where`, which is ok unless the rule resolves on no data."""
        state = self.state
        if state.condition == where:
            return None
        if not state.fires:
            event = Event.UNPENDING if state.condition == InstanceState.PENDING else Event.RECOVERED
            return self._go(event, self._ended(where, reason))
        if state.condition == InstanceState.RECOVERING:
            waits = self._lasted() < self.timing.keep_firing_for or (state.flapping and not self._is_calm())
            return None if waits else self._resolve(where, reason, state.changes)
        changes = self._changes()
        flaps = self._too_many(changes) or (state.flapping and not self._is_calm())
        if not flaps and not self.timing.keep_firing_for:
            return self._resolve(where, reason, changes)
        begins = flaps and not state.flapping
        here = replace(
            self._at(InstanceState.RECOVERING, "flapping" if flaps else reason), changes=changes, flapping=flaps
        )  # fmt: skip
        if begins and state.handling == "open":
            return self._act(Event.FLAPPING, replace(here, silence=self.observation.silence), counts=False)
        return self._go(Event.RECOVERING, here)

    def _gone(self) -> Transition | None:
        """End at once: nothing is left that `keep_firing_for` could wait for."""
        reason = self.observation.cause or GONE_REASON
        if self.state.condition == InstanceState.OK:
            return None
        if self.state.fires:
            return self._resolve(InstanceState.OK, reason, self._changes())
        event = Event.UNPENDING if self.state.condition == InstanceState.PENDING else Event.RECOVERED
        return self._go(event, self._ended(InstanceState.OK, reason))

    def _resolve(self, where: str, reason: str, changes: tuple[datetime, ...]) -> Transition:
        ended = replace(self._ended(where, reason), changes=changes)
        if self.timing.notifies_resolved and self.state.last_acted is not None:
            return self._act(Event.RESOLVED, ended, counts=False)
        return self._go(Event.RESOLVED, ended)

    # -- parts -----------------------------------------------------------------------------------------

    def _go(self, event: str, state: StateRecord) -> Transition:
        return Transition(event, self.state.condition, state)

    def _act(self, event: str, state: StateRecord, *, counts: bool) -> Transition:
        quiet = DRAFT_REASON if self.timing.draft else self.observation.silenced_by if self.observation.silence else ""
        counts = counts and not self.timing.draft
        return Transition(event, self.state.condition, state, acts=not quiet, counts=counts, quiet=quiet)

    def _at(self, condition: str, reason: str) -> StateRecord:
        since = self.state.since if self.state.condition == condition else self.now
        return replace(self.state, condition=condition, reason=reason, since=since)

    def _ended(self, condition: str, reason: str) -> StateRecord:
        return replace(
            self._at(condition, reason), fired_at=None, last_acted=None, retry_at=None, handling="open",
            handled_until=None, silence="", critical=False, flapping=False,
        )  # fmt: skip

    def _reopened(self, state: StateRecord | None = None) -> StateRecord:
        return replace(state or self.state, handling="open", handled_until=None)

    def _lasted(self) -> timedelta:
        return self.now - self.state.since if self.state.since else timedelta(0)

    def _worsens(self) -> bool:
        return self.observation.critical and not self.state.critical

    def _ran_out(self) -> bool:
        until = self.state.handled_until
        return self.state.handling != "open" and until is not None and until <= self.now

    def _is_due(self) -> bool:
        last = self.state.last_acted
        return last is not None and self.now - last >= self.timing.repeat_every

    def _changes(self) -> tuple[datetime, ...]:
        return (*self.state.changes, self.now)[-REMEMBERED:]

    def _too_many(self, changes: tuple[datetime, ...]) -> bool:
        return len(changes) == REMEMBERED and changes[0] > self.now - FLAP_WINDOW_CHECKS * self.timing.interval

    def _is_calm(self) -> bool:
        changes = self.state.changes
        return (
            len(changes) <= CALM_CHECKS
            or changes[-CALM_CHECKS - 1] <= self.now - FLAP_WINDOW_CHECKS * self.timing.interval
        )


def _no_data(cause: str) -> str:
    return f"{NO_DATA_REASON}: {cause}" if cause else NO_DATA_REASON


def _gist(cause: str) -> str:
    """An error without its variable parts: times, numbers, addresses and ids."""
    return re.sub(r"[0-9a-f-]*\d[0-9a-f-]*", "#", cause.lower())
