"""All queries of an evaluation, asked at once and within a time; a failure is that of its query. No transaction."""

import contextvars
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

from django.conf import settings

from rules.data_sources.answers import QueryFailed, QueryResult, QuerySeries
from rules.data_sources.client import SourceSilent, query
from rules.data_sources.connections import Connection, connection_to
from rules.models import DataSource, MetricQuery
from smartagent.kernel.sealing import SecretLost

QUERIES_AT_ONCE = 8  # of one source
MAX_SILENT = 3  # queries without any answer; then the source is not asked again in this evaluation


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryOutcome:
    """The result of one query: its series, or why there are none; `seconds` where the source was asked."""

    query: MetricQuery
    series: Sequence[QuerySeries] = ()
    warnings: tuple[str, ...] = ()
    error: str = ""
    seconds: float | None = None


def ask_queries(queries: Iterable[MetricQuery], at: datetime, seconds: float | None = None) -> list[QueryOutcome]:
    """Ask `queries`, with their sources loaded, at a time; all together within `seconds`."""
    until = time.monotonic() + (seconds or settings.DATA_SOURCES_SECONDS)
    by_source = groupby(sorted(queries, key=lambda each: str(each.source_id)), key=lambda each: each.source)
    waiting: list[Future[QueryOutcome]] = []
    outcomes: list[QueryOutcome] = []
    with ExitStack() as pools:
        for source, group in by_source:
            some = list(group)
            if problem := problem_of(source):
                outcomes += [QueryOutcome(query=each, error=problem) for each in some]
                continue
            pool = pools.enter_context(ThreadPoolExecutor(min(QUERIES_AT_ONCE, len(some)), "data-source"))
            waiting += _submit(pool, _Asking(connection_to(source), at, until), some)
        return outcomes + [each.result() for each in waiting]


def problem_of(source: DataSource) -> str:
    """Why `source` is not asked; empty where it is."""
    if not source.enabled:
        return f"The data source {source.name} is disabled."
    try:
        connection_to(source)
    except SecretLost:
        return f"The secrets of the data source {source.name} cannot be decrypted. Enter them again."
    return ""


def _submit(pool: ThreadPoolExecutor, asking: "_Asking", queries: list[MetricQuery]) -> Iterator[Future[QueryOutcome]]:
    for each in queries:
        yield pool.submit(contextvars.copy_context().run, asking.ask, each)


@dataclass(slots=True)
class _Asking:
    """The queries of one source, shared by its threads."""

    connection: Connection
    at: datetime
    until: float
    silent: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def ask(self, asked: MetricQuery) -> QueryOutcome:
        left = self.until - time.monotonic()
        if len(self.silent) >= MAX_SILENT:
            return QueryOutcome(query=asked, error=self.silent[0])
        if left <= 0:
            return QueryOutcome(query=asked, error=f"{self.connection.name}: no time was left to ask this query.")
        started = time.monotonic()
        try:
            found, error = query(self.connection, asked.expression, self.at, left), ""
        except QueryFailed as failed:
            found, error = QueryResult([]), sentence_of(failed)
            self._count(failed, error)
        return QueryOutcome(
            query=asked, series=found.series, warnings=found.warnings, error=error, seconds=time.monotonic() - started
        )

    def _count(self, failed: QueryFailed, error: str) -> None:
        with self.lock:
            if isinstance(failed, SourceSilent):
                self.silent.append(error)


def sentence_of(failed: QueryFailed) -> str:
    """The message of `failed` as a sentence."""
    text = str(failed)
    return text if text.endswith((".", "?", ")")) else f"{text}."
