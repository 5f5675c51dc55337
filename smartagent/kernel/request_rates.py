"""Rates of requests, which all processes count together without a statement for each request.

1. A minute of the clock is one window. Each process counts what it takes in memory.
2. When it has counted a fiftieth of a limit since it last settled, it adds its counts to those in the database, and
   learns the totals of all processes, in one statement.
3. So below a fiftieth of the limit a process asks the database nothing; and all processes together take at most a
   fiftieth of the limit more for each of them.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from threading import Lock

from django.db import connection

from smartagent.kernel.replica import on_primary

WINDOW_SECONDS = 60
SHARE_UNSETTLED = 50  # a process settles after this part of a limit
SETTLE = """
INSERT INTO smartagent_request_counts AS c (key, minute, requests)
SELECT * FROM unnest(%s::text[], %s::bigint[], %s::bigint[])
    ON CONFLICT (key) DO UPDATE
   SET requests = CASE WHEN c.minute < excluded.minute THEN excluded.requests ELSE c.requests + excluded.requests END,
       minute = greatest(c.minute, excluded.minute)
RETURNING key, requests
"""
FORGET = "DELETE FROM smartagent_request_counts WHERE minute < %s"


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestLimit:
    """At most so many requests a minute of one token, person or address: `of` says which kind, `key` who."""

    of: str
    key: str
    maximum: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRate:
    """What is left of a limit in this window, and the seconds until the next one."""

    limit: RequestLimit
    remaining: int
    seconds_left: int
    is_exceeded: bool = False


@dataclass(slots=True)
class _Count:
    settled: int = 0  # of all processes, as last learned
    pending: int = 0  # of this one since


class RequestRates:
    """The counts of one process."""

    def __init__(self) -> None:
        self._lock = Lock()
        self.clear()

    def clear(self) -> None:
        """Forget all counts."""
        self._minute, self._counts = 0, dict[str, _Count]()

    def take(self, limits: Sequence[RequestLimit], now: float | None = None) -> list[RequestRate]:
        """Count a request under each limit; one that is beyond a limit is not counted under it."""
        minute, second = divmod(int(time.time() if now is None else now), WINDOW_SECONDS)
        with self._lock:
            if minute > self._minute:
                self._minute, self._counts = minute, {}
            taken = [self._take(limit) for limit in limits]
            if any(is_taken and self._is_due(limit) for limit, is_taken in zip(limits, taken, strict=True)):
                self._settle()
                taken = [is_taken and self._total(limit.key) <= limit.maximum
                         for limit, is_taken in zip(limits, taken, strict=True)]  # fmt: skip
            return [
                RequestRate(
                    limit=limit, seconds_left=WINDOW_SECONDS - second, is_exceeded=not is_taken,
                    remaining=max(0, limit.maximum - self._total(limit.key)),
                )
                for limit, is_taken in zip(limits, taken, strict=True)
            ]  # fmt: skip

    def _take(self, limit: RequestLimit) -> bool:
        count = self._counts.setdefault(limit.key, _Count())
        if count.settled + count.pending >= limit.maximum:
            return False
        count.pending += 1
        return True

    def _total(self, key: str) -> int:
        return self._counts[key].settled + self._counts[key].pending

    def _is_due(self, limit: RequestLimit) -> bool:
        return self._counts[limit.key].pending >= ceil(limit.maximum / SHARE_UNSETTLED)

    @on_primary()
    def _settle(self) -> None:
        """Add what is pending to the counts in the database; keys in one order, so that no two processes deadlock."""
        pending = sorted((key, count.pending) for key, count in self._counts.items() if count.pending)
        keys, counts = [key for key, _ in pending], [count for _, count in pending]
        with connection.cursor() as cursor:
            cursor.execute(SETTLE, [keys, [self._minute] * len(keys), counts])
            for key, requests in cursor.fetchall():
                self._counts[key] = _Count(settled=requests)


REQUEST_RATES = RequestRates()


def forget_old_counts(now: float | None = None) -> int:
    """Delete the counts of windows that are over; return their number."""
    with connection.cursor() as cursor:
        cursor.execute(FORGET, [int(time.time() if now is None else now) // WINDOW_SECONDS])
        return int(cursor.rowcount)
