"""The times that instances spent in each state, from their entries: two queries, however many instances."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

from django.db.models import F
from django.db.models.fields.json import KT

from rules.models import ActivityEntry, RuleState
from smartagent.kernel.durations import length_text


@dataclass(frozen=True, slots=True)
class Band:
    """A time that an instance spent in one state; `end` is None where it still does."""

    condition: str
    start: datetime
    end: datetime | None


def time_spent(bands: Sequence[Band], end: datetime) -> list[tuple[str, str]]:
    """How long something was in each state until `end`, in words, the longest first."""
    spent: dict[str, timedelta] = defaultdict(timedelta)
    for band in bands:
        spent[band.condition] += (band.end or end) - band.start
    longest = sorted(spent.items(), key=lambda each: each[1], reverse=True)
    return [(condition, length_text(time)) for condition, time in longest]


Change = tuple[datetime, str, str]  # when, from which state, to which


def bands_of(states: Sequence[RuleState], start: datetime, end: datetime) -> dict[UUID, list[Band]]:
    """The states of each instance from `start` to `end`."""
    changes = _by_state(
        _changes(states).filter(created_at__gt=start, created_at__lte=end).order_by("state", "created_at")
    )
    calm = [state for state in states if state.pk not in changes]
    later = _by_state(_first_of_each(_changes(calm).filter(created_at__gt=end)))
    return {state.pk: _bands(state, changes.get(state.pk, []), later, start, end) for state in states}


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
    return [Band(*band) for band in zip(conditions, edges, ends, strict=True)]


def _changes(states: Sequence[RuleState]) -> Any:
    """The entries in which one of `states` changed its state: id of the instance, time, old and new state."""
    entries = ActivityEntry.objects.filter(state__in=[state.pk for state in states])
    named = entries.annotate(old=KT("context__from"), new=KT("context__to")).exclude(old=None).exclude(new=None)
    return named.exclude(old=F("new")).values_list("state", "created_at", "old", "new")


def _first_of_each(changes: Any) -> Any:
    return changes.order_by("state", "created_at").distinct("state")


def _by_state(rows: Any) -> dict[UUID, list[Change]]:
    return {key: [row[1:] for row in group] for key, group in groupby(rows, key=lambda row: row[0])}
