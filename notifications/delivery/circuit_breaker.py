"""The breaker of a channel: pure. Closed, messages go out; open, one is tried now and then until one is taken."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

TOLERATED = 5  # failures one after the other
FIRST, LONGEST = timedelta(minutes=5), timedelta(hours=1)
MAX_REQUESTED_PAUSE = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Breaker:
    """`failures` in a row; where it is open, since when, when it is tried again, and why it opened."""

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
    """A message was not taken. It opens after the fifth in a row or a permanent refusal; each try after that which
    fails makes the wait until the next longer: 5, 10, 20, 40 minutes, an hour, or as long as the other side `asked` us
    to wait. What had `begun` before it opened was no try, and says nothing new."""
    failures = breaker.failures + 1
    if breaker.opened_at is not None:
        if begun and begun <= breaker.opened_at:
            return breaker
        tries = max(failures - TOLERATED, 0)  # it opened with exactly so many
        return replace(breaker, failures=failures, retry_at=now + wait_after(tries, requested), cause=cause)
    if permanent or failures >= TOLERATED:
        return Breaker(max(failures, TOLERATED), now, now + wait_after(0, requested), cause)
    return replace(breaker, failures=failures)


def wait_after(tries: int, requested: timedelta | None = None) -> timedelta:
    """How long an open breaker waits after `tries` that failed."""
    wait = min(FIRST * int(2 ** min(tries, 10)), LONGEST)
    return max(wait, min(requested, MAX_REQUESTED_PAUSE)) if requested else wait
