"""The circuit breaker of a channel, pure. Closed: messages are sent. Open: one attempt per wait, until one succeeds."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

TOLERATED = 5  # failures one after the other
FIRST, LONGEST = timedelta(minutes=5), timedelta(hours=1)
MAX_REQUESTED_PAUSE = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Breaker:
    """`failures` in a row; if open: since when, when the next attempt is due, and the error that opened it."""

    failures: int = 0
    opened_at: datetime | None = None
    retry_at: datetime | None = None
    cause: str = ""

    @property
    def is_open(self) -> bool:
        """Whether messages wait."""
        return self.opened_at is not None


def succeeded(breaker: Breaker) -> Breaker:
    """A message was taken: closed, whatever was before."""
    return Breaker()


def failed(
    breaker: Breaker, now: datetime, cause: str, *, permanent: bool, begun: datetime | None = None,
    requested: timedelta | None = None,
) -> Breaker:  # fmt: skip
    """Return the breaker after a failed attempt. It opens after five failures in a row or a permanent refusal. Each
    failed attempt while open doubles the wait: 5, 10, 20, 40 minutes, an hour, or as long as the receiver `requested`.
    An attempt that had `begun` before the breaker opened does not count."""
    failures = breaker.failures + 1
    if breaker.opened_at is not None:
        if begun and begun <= breaker.opened_at:
            return breaker
        probes = max(failures - TOLERATED, 0)  # it opened with exactly so many failures
        return replace(breaker, failures=failures, retry_at=now + wait_after(probes, requested), cause=cause)
    if permanent or failures >= TOLERATED:
        return Breaker(max(failures, TOLERATED), now, now + wait_after(0, requested), cause)
    return replace(breaker, failures=failures)


def wait_after(probes: int, requested: timedelta | None = None) -> timedelta:
    """How long an open breaker waits after `probes` failed attempts."""
    wait = min(FIRST * int(2 ** min(probes, 10)), LONGEST)
    return max(wait, min(requested, MAX_REQUESTED_PAUSE)) if requested else wait
