"""The ids of series, by whose they are, metric and labels.

This process remembers those that it has found, so that the next request needs no comparison of texts: it only asks
whether the row with the id is the one that it knows, by the transaction that wrote it (`xmin`).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from django.db import connection

from smartagent.kernel.packed_arrays import pack_integers

SeriesKey = tuple[UUID | None, str, str]  # whose, metric, and the key of the labels
Found = tuple[int, datetime | None]  # the id of a series, and when it ended

MAX_KNOWN_SERIES = 100_000
# Those that are gone, or another row now, and those that have ended: hardly any, so that hardly any row is sent.
CHANGED = """
SELECT w.n - 1, q.stale_at FROM unnest(%b, %b) WITH ORDINALITY AS w (id, version, n)
  LEFT JOIN metric_series q ON q.id = w.id AND q.xmin::text::int8 = w.version
 WHERE q.id IS NULL OR q.stale_at IS NOT NULL
"""
# One index look-up for each series, however many there are.
FIND_SERIES = """
WITH wanted AS (SELECT * FROM unnest(%b::uuid[], %b::text[], %b::text[]) WITH ORDINALITY w (owner, metric, target, n))
SELECT w.n - 1, q.id, q.version, q.stale_at FROM wanted w CROSS JOIN LATERAL (
    SELECT id, xmin::text::int8 AS version, stale_at FROM metric_series
     WHERE user_id = w.owner AND metric = w.metric AND target = w.target LIMIT 1) q WHERE w.owner IS NOT NULL
UNION ALL
SELECT w.n - 1, q.id, q.version, q.stale_at FROM wanted w CROSS JOIN LATERAL (
    SELECT id, xmin::text::int8 AS version, stale_at FROM metric_series
     WHERE user_id IS NULL AND metric = w.metric AND target = w.target LIMIT 1) q WHERE w.owner IS NULL
"""

_KNOWN: dict[str, dict[SeriesKey, tuple[int, int]]] = {}  # by database: the id, and the transaction that wrote the row


def find_series(cursor: psycopg.Cursor[Any], keys: Sequence[SeriesKey]) -> dict[int, Found]:
    """The series that there are, by their place in `keys`."""
    known = _KNOWN.setdefault(str(connection.settings_dict["NAME"]), {})
    ids = map(known.get, keys)
    found = _still_there(cursor, {place: each for place, each in enumerate(ids) if each is not None})
    if missing := [place for place in range(len(keys)) if place not in found]:
        found |= _looked_up(cursor, keys, missing, known)
    return found


def _still_there(cursor: psycopg.Cursor[Any], known: Mapping[int, tuple[int, int]]) -> dict[int, Found]:
    if not known:
        return {}
    cursor.execute(CHANGED, [pack_integers([each[n] for each in known.values()]) for n in (0, 1)])
    places, found = list(known), {place: (pk, None) for place, (pk, _) in known.items()}
    changed: dict[int, Found] = {}
    for n, stale_at in cursor.fetchall():
        pk, _ = found.pop(places[n])
        if stale_at is not None:
            changed[places[n]] = (pk, stale_at)
    return found | changed


def _looked_up(
    cursor: psycopg.Cursor[Any], keys: Sequence[SeriesKey], places: Sequence[int],
    known: dict[SeriesKey, tuple[int, int]],
) -> dict[int, Found]:  # fmt: skip
    """Those at `places`, which are known from now on."""
    cursor.execute(FIND_SERIES, columns_of(keys[place] for place in places))
    found = [(places[n], pk, version, stale_at) for n, pk, version, stale_at in cursor.fetchall()]
    if len(known) + len(found) > MAX_KNOWN_SERIES:
        known.clear()
    known |= {keys[place]: (pk, version) for place, pk, version, _ in found[:MAX_KNOWN_SERIES]}
    return {place: (pk, stale_at) for place, pk, _, stale_at in found}


def columns_of(keys: Iterable[SeriesKey]) -> list[list[Any]]:
    """Owners, metrics and labels of at least one series."""
    return [list(column) for column in zip(*keys, strict=True)]
