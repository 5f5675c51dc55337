"""How many series one person, or the platform, may have: beyond, no new ones are made.

Series are counted when new ones are to be made. A process remembers for a short time how much room a person has, and
uses a quarter of it without counting again, as others may make series at the same time.
"""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
from django.db import connection

from rules.ingest.known_series import SeriesKey

RECOUNT_SECONDS = 30.0
SHARE_OF_ROOM = 4
MAX_REMEMBERED_ROOMS = 10_000
# Up to the maximum.
COUNT_SERIES = """
SELECT w.owner, (SELECT count(*) FROM (SELECT FROM metric_series WHERE user_id = w.owner LIMIT %(maximum)s) s)
  FROM unnest(%(owners)s::uuid[]) w (owner) WHERE w.owner IS NOT NULL
UNION ALL
SELECT w.owner, (SELECT count(*) FROM (SELECT FROM metric_series WHERE user_id IS NULL LIMIT %(maximum)s) s)
  FROM unnest(%(owners)s::uuid[]) w (owner) WHERE w.owner IS NULL
"""


@dataclass(slots=True)
class Room:
    """How many series may be made without counting them again; `full` where there is room for none."""

    series: int
    full: bool
    counted: float


_ROOMS: dict[tuple[str, UUID | None, int], Room] = {}


def series_beyond(cursor: psycopg.Cursor[Any], missing: Sequence[SeriesKey], maximum: int) -> set[SeriesKey]:
    """Those of `missing` that are not to be made, as their owners would have more than `maximum` series."""
    wanted = Counter(owner for owner, _, _ in missing)
    allowed = _allowed(cursor, wanted, maximum)
    beyond: set[SeriesKey] = set()
    for key in missing:
        if allowed[key[0]] > 0:
            allowed[key[0]] -= 1
        else:
            beyond.add(key)
    return beyond


def _allowed(
    cursor: psycopg.Cursor[Any], wanted: Mapping[UUID | None, int], maximum: int
) -> dict[UUID | None, int]:  # fmt: skip
    now, database = time.monotonic(), str(connection.settings_dict["NAME"])
    allowed: dict[UUID | None, int] = {}
    for owner, number in wanted.items():
        room = _ROOMS.get((database, owner, maximum))
        if room is not None and now - room.counted < RECOUNT_SECONDS and (room.full or room.series >= number):
            allowed[owner] = 0 if room.full else number
            room.series -= allowed[owner]
    if uncounted := [owner for owner in wanted if owner not in allowed]:
        cursor.execute(COUNT_SERIES, {"maximum": maximum, "owners": uncounted})
        if len(_ROOMS) + len(uncounted) > MAX_REMEMBERED_ROOMS:
            _ROOMS.clear()
        for owner, count in cursor.fetchall():
            free = max(0, maximum - count)
            allowed[owner] = min(free, wanted[owner])
            left = free - allowed[owner]
            _ROOMS[database, owner, maximum] = Room(left // SHARE_OF_ROOM, free < wanted[owner], now)
    return allowed
