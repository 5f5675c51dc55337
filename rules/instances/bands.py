"""The times that instances spent in each state, from their entries: two queries, however many instances."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

from django.db import connection

from rules.models import RuleState
from smartagent.kernel.durations import length_text

MAX_THRESHOLDS = 500  # of one instance; the time before the newest of them has no bands
THRESHOLDS_SQL = """
SELECT s.id, change.* FROM unnest(%(states)s::uuid[]) AS s (id)
 CROSS JOIN LATERAL (
    SELECT e.created_at, e.context->>'from', e.context->>'to' FROM agent_activity_log e
     WHERE e.state_id = s.id AND {period} AND e.context->>'from' <> e.context->>'to'
     ORDER BY e.created_at {order} LIMIT %(maximum)s) change
 ORDER BY 1, 2
"""
WITHIN_SQL = THRESHOLDS_SQL.format(period="e.created_at > %(start)s AND e.created_at <= %(end)s", order="DESC")
NEXT_SQL = THRESHOLDS_SQL.format(period="e.created_at > %(end)s", order="ASC")

Change = tuple[datetime, str, str]  # when, from which state, to which


@dataclass(frozen=True, slots=True)
class Band:
    """A time that an instance spent in one state; `end` is None where it still does."""

    condition: str
    start: datetime
    end: datetime | None


def bands_of(states: Sequence[RuleState], start: datetime, end: datetime) -> dict[UUID, list[Band]]:
    """The states of each instance from `start` to `end`."""
    keys = [state.pk for state in states]
    changes = _changes(WITHIN_SQL, keys, start, end, MAX_THRESHOLDS)
    later = _changes(NEXT_SQL, [key for key in keys if key not in changes], start, end, 1)
    return {state.pk: _bands(state, changes.get(state.pk, []), later, start, end) for state in states}


def time_spent(bands: Sequence[Band], end: datetime) -> list[tuple[str, str]]:
    """How long something was in each state until `end`, in words, the longest first."""
    spent: dict[str, timedelta] = defaultdict(timedelta)
    for band in bands:
        spent[band.condition] += (band.end or end) - band.start
    longest = sorted(spent.items(), key=lambda each: each[1], reverse=True)
    return [(condition, length_text(time)) for condition, time in longest]


def _bands(
    state: RuleState, changes: list[Change], later: Mapping[UUID, list[Change]], start: datetime, end: datetime
) -> list[Band]:
    if not changes and state.pk in later:  # the one state of the whole time is that before the next change
        return [Band(later[state.pk][0][1], start, None)]
    if not changes:
        return [Band(state.condition, min(max(start, state.since), end), None)]
    edges = [start, *(at for at, _, _ in changes)]
    conditions = [changes[0][1], *(to for _, _, to in changes)]
    ends: list[datetime | None] = [*edges[1:], None]
    found = [Band(*band) for band in zip(conditions, edges, ends, strict=True)]
    return found[1:] if len(changes) == MAX_THRESHOLDS else found


def _changes(
    sql: str, states: Sequence[UUID], start: datetime, end: datetime, maximum: int
) -> dict[UUID, list[Change]]:
    """The changes of each of `states` that had one, oldest first."""
    params: dict[str, Any] = {"states": list(states), "start": start, "end": end, "maximum": maximum}
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        rows = cursor.fetchall()
    return {key: [row[1:] for row in group] for key, group in groupby(rows, key=lambda row: row[0])}
