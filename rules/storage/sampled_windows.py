"""The samples of windows at some of many moments: of as many, evenly spread, as a number of rows allows.

The last moment comes first, then the one in the middle, then those between, and so on, as long as the next ones can be
expected to fit. No statement reads more rows than are left.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

Window = tuple[datetime, timedelta]  # its end, which is part of it, and its length
Samples = dict[UUID | None, dict[tuple[str, str], list[tuple[datetime, float]]]]  # by person, then metric and target
# OFFSET 0: else the planner may join all samples of the series with the windows.
WINDOWS_SQL = """
WITH series AS MATERIALIZED (
    SELECT id, user_id, metric, target FROM metric_series
     WHERE (user_id = %(person)s OR (%(platform)s AND user_id IS NULL))
       AND (metric, target) IN (SELECT * FROM unnest(%(metrics)s::text[], %(targets)s::text[])))
SELECT series.user_id, series.metric, series.target, s.{time}, s.{value}
  FROM unnest(%(ends)s::timestamptz[], %(lengths)s::interval[]) AS w (ended_at, length) CROSS JOIN series
 CROSS JOIN LATERAL (SELECT * FROM {table} r WHERE r.series_id = series.id
                        AND r.{time} > w.ended_at - w.length AND r.{time} <= w.ended_at OFFSET 0) AS s
UNION ALL
SELECT series.user_id, series.metric, series.target, s.{time}, s.{value}
  FROM unnest(%(newest)s::timestamptz[]) AS n (at) CROSS JOIN series
 CROSS JOIN LATERAL (SELECT * FROM {table} r WHERE r.series_id = series.id AND r.{time} <= n.at
                      ORDER BY r.{time} DESC LIMIT 1) AS s
 LIMIT %(rows)s
"""


@dataclass(frozen=True, slots=True)
class Needed:
    """What is needed at a moment: the samples of windows, and the newest one at some times."""

    windows: Sequence[Window] = ()
    newest: Sequence[datetime] = ()


@dataclass(frozen=True, slots=True)
class Whose:
    """The series to read: with these keys (metric and target), of a person, and of the platform where that counts."""

    keys: Sequence[tuple[str, str]]
    person: UUID | None
    platform: bool = True


@dataclass(slots=True)
class SampledWindows:
    """The moments that were read, the oldest first, and their samples."""

    moments: list[datetime] = field(default_factory=list)
    samples: Samples = field(default_factory=dict)
    read: int = 0  # rows


def sample_windows(
    whose: Whose, moments: Sequence[datetime], needed: Callable[[datetime], Needed], rows: int, *, rolled: bool = False
) -> SampledWindows:
    """Read what is `needed` at as many of `moments` as `rows` allow; with `rolled`, of each 5 minutes the last one."""
    found = SampledWindows()
    times: dict[Any, dict[datetime, float]] = defaultdict(dict)
    for level in halvings(moments):
        expected = found.read / len(found.moments) if found.moments else 1
        left = rows - found.read
        if expected * len(level) > left or len(level) * len(whose.keys) > rows:
            break
        some = _read(whose, [needed(moment) for moment in level], left, rolled=rolled)
        found.read += len(some)
        if len(some) >= left:  # there may be more
            break
        found.moments += level
        for person, metric, target, time, value in some:
            times[person, metric, target][time] = value
    found.moments.sort()
    for (person, metric, target), values in times.items():
        found.samples.setdefault(person, {})[metric, target] = sorted(values.items())
    return found


def halvings(moments: Sequence[datetime]) -> Iterator[list[datetime]]:
    """The last of `moments`, then the one in the middle, then those between these, and so on: each once."""
    backwards = moments[::-1]
    if backwards:
        yield [backwards[0]]
    stride = 1 << (len(backwards) - 1).bit_length() if backwards else 0
    while stride > 1:
        yield list(backwards[stride // 2 :: stride])
        stride //= 2


def _read(whose: Whose, needed: Sequence[Needed], rows: int, *, rolled: bool) -> list[tuple[Any, ...]]:
    windows = [window for each in needed for window in each.windows]
    params: dict[str, Any] = {
        "metrics": [key[0] for key in whose.keys], "targets": [key[1] for key in whose.keys], "person": whose.person,
        "platform": whose.platform, "ends": [end for end, _ in windows], "lengths": [length for _, length in windows],
        "newest": [time for each in needed for time in each.newest], "rows": rows,
    }  # fmt: skip
    names = ("metric_rollups_5m", "ended_at", "last") if rolled else ("metric_samples", "observed_at", "value")
    with connection.cursor() as cursor:
        cursor.execute(WINDOWS_SQL.format(**dict(zip(("table", "time", "value"), names, strict=True))), params)
        return list(cursor.fetchall())
