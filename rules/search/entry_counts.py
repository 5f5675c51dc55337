"""The whole log by time, event and status: a long period from the counts of its quarters of an hour, and the ends of it
from the entries. Entries after the period, in its last quarter of an hour, are subtracted: until now there are none."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection

from rules.models import EntryCount
from rules.models.entry_counts import COUNTABLE, ENTRY_KIND, SLOT_MINUTES
from smartagent.kernel.times import EPOCH

SLOT = timedelta(minutes=SLOT_MINUTES)
LEAST_COUNTED = timedelta(hours=2)  # of less, the entries are counted as quickly
_ENTRIES = f"FROM agent_activity_log WHERE {COUNTABLE}"
COUNTED_SQL = f"""
SELECT date_bin(%(step)s, slot, %(origin)s), event_type, status, ours, sum(n)::bigint
  FROM (SELECT slot, event_type, status, ours, entries FROM activity_entry_counts
         WHERE slot >= %(first)s AND slot < %(after)s
        UNION ALL SELECT {ENTRY_KIND}, 1 {_ENTRIES} AND created_at >= %(start)s AND created_at < %(first)s
        UNION ALL SELECT {ENTRY_KIND}, -1 {_ENTRIES} AND created_at > %(end)s AND created_at < %(after)s
       ) AS e (slot, event_type, status, ours, n)
 GROUP BY 1, 2, 3, 4 HAVING sum(n) > 0
"""


class CountedEntries(NamedTuple):
    """How many entries of a kind there are in the time that begins at `bin`; `ours`: Smart Agent wrote them."""

    bin: datetime
    event: str
    status: str
    ours: bool
    entries: int


def counted_log(start: datetime, end: datetime, step: timedelta, origin: datetime) -> Sequence[CountedEntries] | None:
    """The entries of the whole log from `start` to `end`, in bins of `step` from `origin`.

    None where the counts are of no use: the entries are to be counted then.
    """
    known = end - start >= LEAST_COUNTED and not step % SLOT and _slot_of(origin) == origin
    if not known or not EntryCount.objects.is_kept():
        return None
    first, after = _slot_of(start), _slot_of(end) + SLOT
    first = first if first == start else first + SLOT
    params: dict[str, Any] = {
        "step": step, "origin": origin, "start": start, "first": first, "after": after, "end": end,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(COUNTED_SQL, params)
        return [CountedEntries(*row) for row in cursor.fetchall()]


def _slot_of(moment: datetime) -> datetime:
    """The beginning of the slot of a time."""
    return moment - (moment - EPOCH) % SLOT
