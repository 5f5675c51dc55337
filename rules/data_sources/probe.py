"""Tests of a source and of a query: asked as an evaluation asks, and answered at once. Nothing is stored."""

import time
from dataclasses import dataclass
from datetime import datetime

from rules.data_sources.answers import QueryFailed, QuerySeries
from rules.data_sources.asking import ask_queries, sentence_of
from rules.data_sources.client import query, version_of
from rules.data_sources.connections import connection_to
from rules.data_sources.people import UnknownPerson, owner_of, people_named
from rules.models import DataSource, MetricQuery
from rules.text.phrases import number
from smartagent.kernel.formats import counted
from smartagent.kernel.sealing import SecretLost

PROBE_QUERY = "vector(1)"
MAX_PROBE_SECONDS = 15.0  # somebody waits
MAX_SERIES_SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """The answer of a source: how long it took, its version where it says one, or its error."""

    milliseconds: float = 0.0
    version: str = ""
    error: str = ""

    def __str__(self) -> str:
        version = f" Its version is {self.version}." if self.version else " It does not say its version."
        return self.error or f"It answered a query in {self.milliseconds:,.0f} ms.{version}"


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryTrial:
    """What a query returns now: the first series, the number of all, and what is said about them."""

    series: tuple[QuerySeries, ...] = ()
    count: int = 0
    error: str = ""
    unknown: int = 0
    milliseconds: float = 0.0
    warnings: tuple[str, ...] = ()

    @property
    def more(self) -> int:
        """The number of series that are not shown."""
        return self.count - len(self.series)

    @property
    def shown(self) -> list[tuple[dict[str, str], str]]:
        """The labels and the value in words of each series that is shown."""
        return [(each.labels, number(each.value)) for each in self.series]

    @property
    def words(self) -> str:
        """The result in one sentence."""
        if self.error:
            return self.error
        found = counted(self.count, "series", "series") if self.count else "No series"
        unknown = f" {self.unknown:,} of them name nobody here and are left out." if self.unknown else ""
        return f"{found} in {self.milliseconds:,.0f} ms.{unknown}"


def probe(source: DataSource, now: datetime) -> Probe:
    """Ask `source`, saved or not, enabled or not, a query that needs no data, and for its version."""
    try:
        reached = connection_to(source)
        started = time.monotonic()
        query(reached, PROBE_QUERY, now, MAX_PROBE_SECONDS)
        milliseconds = 1000 * (time.monotonic() - started)
    except SecretLost:
        return Probe(error="The secrets cannot be decrypted. Enter them again.")
    except QueryFailed as failed:
        return Probe(error=sentence_of(failed))
    return Probe(milliseconds=milliseconds, version=version_of(reached, MAX_PROBE_SECONDS))


def try_query(asked: MetricQuery, now: datetime) -> QueryTrial:
    """Ask `asked`, saved or not, as an evaluation at `now` does."""
    (outcome,) = ask_queries([asked], now, MAX_PROBE_SECONDS)
    if outcome.error:
        return QueryTrial(error=outcome.error)
    label = asked.source.person_label
    people = people_named(each.labels.get(label, "") for each in outcome.series)
    unknown = 0
    for each in outcome.series:
        try:
            owner_of(each, label, people)
        except UnknownPerson:
            unknown += 1
    return QueryTrial(
        series=tuple(outcome.series[:MAX_SERIES_SHOWN]), count=len(outcome.series), unknown=unknown,
        milliseconds=1000 * (outcome.seconds or 0), warnings=outcome.warnings,
    )  # fmt: skip
