"""Answers of Prometheus' HTTP API, read into series. Pure."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from rules.engine.series_labels import METRIC_NAME_LABEL, checked_labels, series_key

MAX_SOURCE_WORDS = 500  # characters of an error that are kept
# Objects and lists that are read: a series has three, and label values with brackets have room. A list of millions of
# empty ones would take thirty times the memory of its text.
PARTS_OF_SERIES, PARTS_BESIDE = 10, 10_000
MAX_WARNINGS, MAX_WARNING = 3, 200  # of an answer; characters of one
GZIP = b"\x1f\x8b"
FEWER = "Aggregate or select in the query, or raise DATA_SOURCE_MAX_SERIES."


class QueryFailed(Exception):
    """The query has no result; the message is one sentence with the source's own words."""


@dataclass(frozen=True, slots=True)
class QuerySeries:
    """A series of a result: its labels without its name, and its finite values, oldest first, at least one."""

    labels: dict[str, str]
    points: list[tuple[datetime, float]]

    @property
    def value(self) -> float:
        return self.points[-1][1]

    @property
    def at(self) -> datetime:
        return self.points[-1][0]


@dataclass(frozen=True, slots=True)
class QueryResult:
    """The series of an answer, and what its source warns of: Thanos, for example, that its answer is partial."""

    series: list[QuerySeries]
    warnings: tuple[str, ...] = ()


def read_answer(body: bytes, max_series: int, *, ranged: bool = False) -> QueryResult:
    """The result of a successful answer, at one time or over a range; QueryFailed where it is none, or has too many.

    NaN and infinities are no values; a series without a value is left out.
    """
    if not ranged and body.count(b"{") + body.count(b"[") > PARTS_OF_SERIES * max_series + PARTS_BESIDE:
        raise QueryFailed(f"the answer has more parts than those of {max_series:,} series. {FEWER}")
    try:
        answer = json.loads(body)
        kind, result = _result_of(answer)
        if kind in ("vector", "matrix") and len(result) > max_series:
            raise QueryFailed(f"the query returned {len(result):,} series; at most {max_series:,} are read. {FEWER}")
        if kind == "matrix" and not ranged:
            raise QueryFailed(
                "the query returns the past of its series; a metric is a number, or series of numbers. Aggregate over "
                "time in the query, for example by avg_over_time"
            )
        found = [each for each in _read_result(kind, result) if each.points]
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, OSError, RecursionError):
        words = in_short(body)
        raise QueryFailed(f"this is not an answer of Prometheus' HTTP API: {words or 'it is empty'}") from None
    _check_distinct(found)
    return QueryResult(found, tuple(_warnings_of(answer)))


def _warnings_of(answer: Mapping[str, Any]) -> Iterator[str]:
    listed = answer.get("warnings")
    for each in listed[:MAX_WARNINGS] if isinstance(listed, list) else ():
        if isinstance(each, str) and (words := one_line(each)[:MAX_WARNING]):
            yield words


def _result_of(answer: Any) -> tuple[Any, Any]:
    """The type and the result of an answer; QueryFailed where it says that it is an error."""
    if answer.get("status") == "error":
        raise QueryFailed(_error_of(answer) or "it answered with an error without words")
    return answer["data"]["resultType"], answer["data"]["result"]


def error_in(body: bytes) -> str:
    """The error in an answer of the API; empty where there is none."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    return _error_of(found) if isinstance(found, Mapping) else ""


def _error_of(answer: Mapping[str, Any]) -> str:
    said = answer.get("error")
    return one_line(said) if isinstance(said, str) else ""


def in_short(body: bytes) -> str:
    """The beginning of a body that is not the API's, on one line."""
    if body.startswith(GZIP):
        return "it is compressed, which was not asked for"
    text = one_line(body[:400].decode("utf-8", "replace"))
    return "a page of HTML" if text.startswith("<") else text[:120]


def one_line(text: str) -> str:
    """Text of a source that can be stored and shown in a sentence."""
    sound = text.encode(errors="replace").decode().replace("\x00", "")  # JSON can escape half of a character
    return " ".join(sound.split())[:MAX_SOURCE_WORDS]


def _read_result(kind: str, result: Any) -> Iterator[QuerySeries]:
    if kind == "scalar":
        yield QuerySeries({}, list(_finite([result])))
        return
    if kind not in ("vector", "matrix"):
        raise QueryFailed(f"the query returns a {str(kind)[:40]}; a metric is a number, or series of numbers")
    for each in result:
        if "value" not in each and "values" not in each and ("histogram" in each or "histograms" in each):
            raise QueryFailed("the query returns native histograms; histogram_quantile() makes numbers of them")
        points = each["values"] if kind == "matrix" else [each["value"]]
        yield QuerySeries(_labels(each["metric"]), list(_finite(points)))


def _labels(metric: Mapping[str, Any]) -> dict[str, str]:
    try:
        return checked_labels({name: value for name, value in metric.items() if name != METRIC_NAME_LABEL})
    except ValueError as error:
        raise QueryFailed(f"a series of the query cannot be kept. {error}") from None


def _finite(points: Sequence[Sequence[Any]]) -> Iterator[tuple[datetime, float]]:
    for at, value in points:
        number = float(value)
        if math.isfinite(number):
            yield datetime.fromtimestamp(float(at), UTC), number


def _check_distinct(found: Sequence[QuerySeries]) -> None:
    """Prometheus refuses such rules too: without its name, one series could not be told from the other."""
    seen: set[frozenset[tuple[str, str]]] = set()
    for each in found:
        labels = frozenset(each.labels.items())
        if labels in seen:
            key = series_key(each.labels) or "none"
            raise QueryFailed(f"the query returns several series with the same labels: {key}"[:MAX_SOURCE_WORDS])
        seen.add(labels)
