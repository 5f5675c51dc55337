"""Storage of samples, by columns, in one transaction. A sample replaces one of the same series and time.

Numbers go to PostgreSQL as packed arrays, and the series of all samples are found by one query.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import UUID

import psycopg
from django.db import connection, transaction
from psycopg.types.json import Jsonb

from rules.engine.series_labels import labels_of
from rules.ingest.known_series import SeriesKey, columns_of, find_series
from rules.ingest.series_limit import series_beyond
from smartagent.kernel.member_role import as_owner
from smartagent.kernel.packed_arrays import arrays_cursor, pack_floats, pack_integers, pack_rows, pack_times
from smartagent.kernel.times import EPOCH, MICROSECOND

Row = tuple[UUID | None, str, str, float, datetime]  # those of its series, value, observed_at

ROWS_AT_ONCE = 50_000
ENOUGH_TO_COPY = 200  # samples

# In one order, so that two pushes wait for each other at most.
MAKE_MISSING_SERIES = """
INSERT INTO metric_series (user_id, metric, target, labels)
SELECT * FROM unnest(%b::uuid[], %b::text[], %b::text[], %b::jsonb[]) AS w (owner, metric, target, labels)
 ORDER BY owner, metric, target
    ON CONFLICT DO NOTHING
"""
COPY_SAMPLES = "COPY metric_samples (series_id, observed_at, value) FROM STDIN (FORMAT BINARY)"
WRITE_SAMPLES = """
INSERT INTO metric_samples (series_id, observed_at, value)
SELECT DISTINCT ON (series_id, observed_at) series_id, observed_at, value
  FROM unnest(%b, %b, %b) WITH ORDINALITY AS i (series_id, observed_at, value, n)
 ORDER BY series_id, observed_at, n DESC
    ON CONFLICT (series_id, observed_at) DO UPDATE SET value = excluded.value
 WHERE metric_samples.value IS DISTINCT FROM excluded.value
"""
# A series ends with its newest stale marker, until a sample is newer.
END_SERIES = """
UPDATE metric_series q SET stale_at = e.at FROM unnest(%b, %b) AS e (id, at)
 WHERE q.id = e.id AND (q.stale_at IS NULL OR q.stale_at < e.at)
   AND NOT EXISTS (SELECT FROM metric_samples s WHERE s.series_id = q.id AND s.observed_at > e.at)
"""
REVIVE_SERIES = """
UPDATE metric_series q SET stale_at = NULL
 WHERE q.id = ANY(%b)
   AND EXISTS (SELECT FROM metric_samples s WHERE s.series_id = q.id AND s.observed_at > q.stale_at)
"""


class SampleColumns:
    """Samples by columns: the place of each one's series, its time (microseconds since 1970) and its value."""

    def __init__(self) -> None:
        self.series: list[SeriesKey] = []
        self.places: list[int] = []
        self.times: list[int] = []
        self.values: list[float] = []
        self.ended: dict[int, int] = {}  # the series that have ended, by place, and when

    def add_series(self, key: SeriesKey) -> int:
        """The place of a series that has none yet."""
        self.series.append(key)
        return len(self.series) - 1

    def __len__(self) -> int:
        return len(self.places)

    def drop(self, series: set[SeriesKey]) -> None:
        """Remove the samples of these series."""
        places = {place for place, key in enumerate(self.series) if key in series}
        left = [n for n, place in enumerate(self.places) if place not in places]
        self.places, self.times = [self.places[n] for n in left], [self.times[n] for n in left]
        self.values = [self.values[n] for n in left]


class TooManySeries(Exception):
    """A person has as many series as may be; `series` are those that were to be new."""

    def __init__(self, series: set[SeriesKey]) -> None:
        super().__init__(TooManySeries.__doc__)
        self.series = series


@as_owner()
def store(rows: Iterable[Row], *, max_series: int = 0) -> int:
    """Store `rows` in one transaction, replacing samples of the same series and time; return their number.

    Of two rows for one series and time the last one counts. Rows are streamed. An exception from the iteration is
    passed on, and nothing is written; TooManySeries where somebody would have more than `max_series` (0: no limit).
    """
    stream, count = iter(rows), 0
    with transaction.atomic():
        while samples := _columns(islice(stream, ROWS_AT_ONCE)):
            if beyond := write(samples, max_series=max_series):
                raise TooManySeries(beyond)
            count += len(samples)
    return count


@as_owner()
def write(samples: SampleColumns, *, max_series: int = 0) -> set[SeriesKey]:
    """Write all samples, in one transaction; the series that have ended are marked.

    New series by which somebody would have more than `max_series` (0: no limit) are not made, but returned; their
    samples are dropped.
    """
    beyond: set[SeriesKey] = set()
    with transaction.atomic(), connection.wrap_database_errors:
        cursor = arrays_cursor()
        keys = samples.series
        found = find_series(cursor, keys)
        with_samples = set(samples.places)
        missing = [key for place, key in enumerate(keys) if place in with_samples and place not in found]
        if missing:
            beyond = series_beyond(cursor, missing, max_series) if max_series > 0 else set()
            if beyond:
                samples.drop(beyond)
            _make(cursor, [key for key in missing if key not in beyond])
            found = find_series(cursor, keys)
        ids = [found[place][0] for place in samples.places]
        _write_samples(cursor, ids, samples.times, samples.values)
        if stale := [found[place][0] for place in set(samples.places) if found[place][1]]:
            cursor.execute(REVIVE_SERIES, [pack_integers(stale)])
        if ended := {found[place][0]: at for place, at in samples.ended.items() if place in found}:
            cursor.execute(END_SERIES, [pack_integers(list(ended)), pack_times(list(ended.values()))])
    return beyond


def _write_samples(
    cursor: psycopg.Cursor[Any], ids: Sequence[int], times: Sequence[int], values: Sequence[float]
) -> None:
    """By COPY, which takes half the time, where every sample is new; in one order, as all who write."""
    if len(ids) >= ENOUGH_TO_COPY and (order := _order_of(ids, times)) is not None:
        in_order = (
            pack_integers([ids[place] for place in order]), pack_times([times[place] for place in order]),
            pack_floats([values[place] for place in order]),
        )  # fmt: skip
        try:
            with transaction.atomic(), cursor.copy(COPY_SAMPLES) as copy:
                copy.write(pack_rows(in_order))
            return
        except psycopg.errors.UniqueViolation:
            pass  # some replace others
    cursor.execute(WRITE_SAMPLES, [pack_integers(ids), pack_times(times), pack_floats(values)])


def _order_of(ids: Sequence[int], times: Sequence[int]) -> list[int] | None:
    """The places of the samples by series and time; None where two are of one series and time. Of a scrape, which has
    one sample of each series, the series alone decide."""
    places = range(len(ids))
    if len(set(ids)) == len(ids):
        return sorted(places, key=ids.__getitem__)
    keys = list(zip(ids, times, strict=True))
    return sorted(places, key=keys.__getitem__) if len(set(keys)) == len(keys) else None


def _make(cursor: psycopg.Cursor[Any], keys: Sequence[SeriesKey]) -> None:
    owners, names, targets = columns_of(keys)
    cursor.execute(MAKE_MISSING_SERIES, [owners, names, targets, [Jsonb(labels_of(target)) for target in targets]])


def _columns(rows: Iterable[Row]) -> SampleColumns:
    samples = SampleColumns()
    places: dict[SeriesKey, int] = {}
    previous, microseconds = EPOCH, 0
    for owner, metric, target, value, at in rows:
        place = places.setdefault((owner, metric, target), len(places))
        if at is not previous:  # many samples have one time
            previous, microseconds = at, (at - EPOCH) // MICROSECOND
        samples.places.append(place)
        samples.times.append(microseconds)
        samples.values.append(value)
    samples.series = list(places)
    return samples
