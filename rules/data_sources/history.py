"""The past of metric queries: their values at each evaluation of a span of time, asked of their sources.

As an evaluation at each of these times would have read them: a value counts only at its own time. What was asked is
kept for the rest of a `history_within` block, since a backtest reads the same span several times.
"""

import math
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from rules.data_sources.answers import QueryFailed, QuerySeries
from rules.data_sources.asking import problem_of, sentence_of
from rules.data_sources.client import query_range
from rules.data_sources.connections import connection_to
from rules.data_sources.people import UnknownPerson, owner_of, people_named
from rules.data_sources.watched import queries_named
from rules.engine.series_labels import series_key
from rules.models import MetricQuery

MAX_POINTS_PER_SERIES = 11_000  # of a series in one answer, as Prometheus has it
MAX_HISTORY_VALUES = 2_000_000  # over all series of a query
MAX_HISTORY_SECONDS = 20.0  # for all queries: somebody waits
Points = list[tuple[datetime, float]]
Histories = dict[UUID | None, dict[tuple[str, str], Points]]  # by person, then by metric and key of the labels


class HistoryUnavailable(ValueError):
    """A source does not say what a query was in the past; the message is one sentence with its own words."""


@dataclass(slots=True)
class _Asked:
    """What a block has asked so far, and until when it may ask."""

    until: float
    answers: dict[Any, list[QuerySeries]] = field(default_factory=dict)


_asked: ContextVar[_Asked | None] = ContextVar("asked_history", default=None)


@contextmanager
def history_within(seconds: float = MAX_HISTORY_SECONDS) -> Iterator[None]:
    """Ask each query once for a span in this block, all within `seconds`; an outer block counts, where there is one."""
    token = _asked.set(_asked.get() or _Asked(time.monotonic() + seconds))
    try:
        yield
    finally:
        _asked.reset(token)


def query_history(metrics: Collection[str], start: datetime, end: datetime, step: timedelta) -> Histories:
    """The values of those of `metrics` that are queries, at each `step` from `start` to `end`; HistoryUnavailable."""
    found: Histories = {}
    with history_within():
        for query in queries_named(metrics):
            _add(found, query, _series_of(query, start, end, step))
    return found


def _series_of(query: MetricQuery, start: datetime, end: datetime, step: timedelta) -> list[QuerySeries]:
    asked = _asked.get() or _Asked(time.monotonic() + MAX_HISTORY_SECONDS)
    first = _at_step(start, step)
    key = query.pk, query.updated_at, query.source.updated_at, first, end, step
    if key not in asked.answers:
        asked.answers[key] = _ask(query, first, end, step, asked.until)
    return asked.answers[key]


def _ask(query: MetricQuery, start: datetime, end: datetime, step: timedelta, until: float) -> list[QuerySeries]:
    """The series in as many answers as it takes, put together by their labels."""
    if problem := problem_of(query.source):
        raise HistoryUnavailable(problem)
    source, together, count = connection_to(query.source), dict[str, QuerySeries](), 0
    while start <= end:
        last, left = min(end, start + (MAX_POINTS_PER_SERIES - 1) * step), until - time.monotonic()
        if left <= 0:
            raise HistoryUnavailable(f"{source.name}: no time was left to ask for the history of {query.name}.")
        try:
            found = query_range(source, query.expression, start, last, step, left)
        except QueryFailed as failed:
            raise HistoryUnavailable(sentence_of(failed)) from None
        count += sum(len(each.points) for each in found)
        if count > MAX_HISTORY_VALUES:
            raise HistoryUnavailable(
                f"{source.name}: the history of {query.name} has more than {MAX_HISTORY_VALUES:,} values. Choose a "
                "shorter period, or aggregate in the query."
            )
        for each in found:
            together.setdefault(series_key(each.labels), QuerySeries(each.labels, [])).points.extend(each.points)
        start = last + step
    return list(together.values())


def _add(found: Histories, query: MetricQuery, series: Collection[QuerySeries]) -> None:
    label = query.source.person_label
    people: Mapping[str, UUID] = people_named(each.labels.get(label, "") for each in series)
    for each in series:
        try:
            person, labels = owner_of(each, label, people)
        except UnknownPerson:
            continue
        found.setdefault(person, {})[query.name, series_key(labels)] = each.points


def _at_step(start: datetime, step: timedelta) -> datetime:
    """The first time from `start` on at which evaluations take place."""
    seconds = step.total_seconds()
    return datetime.fromtimestamp(math.ceil(start.timestamp() / seconds) * seconds, UTC)
