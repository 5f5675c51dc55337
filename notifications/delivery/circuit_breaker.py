"""The circuit breaker of a channel, pure. Closed: messages are sent. Open: one attempt per wait, until one succeeds.

Where this machine has no network or no name server, that says nothing about the channel: messages wait as well, but it
is tried again within seconds. If that lasts for minutes the breaker opens, so that its owner learns of it and messages
go by another channel.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

TOLERATED = 5  # failures one after the other
SHORTEST, LONGEST = timedelta(seconds=15), timedelta(hours=1)
AFTER_REFUSAL = timedelta(minutes=5)  # which only a person ends
MAX_REQUESTED_PAUSE = timedelta(hours=12)
NETWORK_WAIT = timedelta(seconds=10)
TOLERATED_PROBES = 30  # attempts without a network: five minutes


@dataclass(frozen=True, slots=True)
class Breaker:
    """`failures` in a row; if open: since when, when the next attempt is due, and the error that opened it. Closed, but
    with `retry_at`: messages wait for the network, and `failures` are the attempts meanwhile."""

    failures: int = 0
    opened_at: datetime | None = None
    retry_at: datetime | None = None
    cause: str = ""

    @property
    def is_open(self) -> bool:
        """Whether the channel is broken."""
        return self.opened_at is not None

    @property
    def waits_for_network(self) -> bool:
        """Whether messages wait though nothing is known of the channel."""
        return self.retry_at is not None and not self.is_open


def succeeded(breaker: Breaker) -> Breaker:
    """A message was taken: closed, whatever was before."""
    return Breaker()


def failed(
    breaker: Breaker, now: datetime, cause: str, *, permanent: bool, begun: datetime | None = None,
    requested: timedelta | None = None,
) -> Breaker:  # fmt: skip
    """Return the breaker after a failed attempt. It opens after five failures in a row or a permanent refusal. Then it
    waits half as long as it has been open, 15 seconds to an hour, at least five minutes after a refusal, or as long as
    the receiver `requested`. An attempt that had `begun` before the breaker opened does not count."""
    failures = 1 if breaker.waits_for_network else breaker.failures + 1
    if breaker.opened_at is not None:
        if begun and begun <= breaker.opened_at:
            return breaker
        wait = wait_after(now - breaker.opened_at, requested, permanent=permanent)
        return replace(breaker, failures=failures, retry_at=now + wait, cause=cause)
    if permanent or failures >= TOLERATED:
        wait = wait_after(timedelta(), requested, permanent=permanent)
        return Breaker(max(failures, TOLERATED), now, now + wait, cause)
    return Breaker(failures)


def not_reached(breaker: Breaker, now: datetime, cause: str, *, probe: bool) -> Breaker:
    """Return the breaker after an attempt that ended in this machine's network. Of those that were begun while messages
    wait, which are one in each wait, so many open it."""
    if breaker.is_open:
        return replace(breaker, retry_at=now + NETWORK_WAIT, cause=cause) if probe else breaker
    if not breaker.waits_for_network:
        return Breaker(1, None, now + NETWORK_WAIT, cause)
    if not probe:
        return breaker
    failures = breaker.failures + 1
    return Breaker(failures, now if failures >= TOLERATED_PROBES else None, now + NETWORK_WAIT, cause)


def wait_after(open_for: timedelta, requested: timedelta | None = None, *, permanent: bool = False) -> timedelta:
    """How long a breaker waits that has been open for so long: what was down a minute is in use within half of one."""
    wait = min(max(open_for / 2, AFTER_REFUSAL if permanent else SHORTEST), LONGEST)
    return max(wait, min(requested, MAX_REQUESTED_PAUSE)) if requested else wait
