"""Answers of Prometheus' HTTP API, read into series. Pure."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from rules.engine.series_labels import METRIC_NAME_LABEL, checked_labels, series_key

MAX_SOURCE_WORDS = 500  # characters of an error that are kept


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


def read_answer(body: bytes, max_series: int) -> list[QuerySeries]:
    """The series of a successful answer; QueryFailed where it is none, or has too many.

    NaN and infinities are no values; a series without a value is left out.
    """
    try:
        data = json.loads(body)["data"]
        kind, result = data["resultType"], data["result"]
        if kind in ("vector", "matrix") and len(result) > max_series:
            raise QueryFailed(
                f"the query returned {len(result):,} series; at most {max_series:,} are read. Aggregate or select in "
                "the query, or raise DATA_SOURCE_MAX_SERIES."
            )
        found = [each for each in _read_result(kind, result) if each.points]
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, OSError, RecursionError):
        words = in_short(body)
        raise QueryFailed(f"this is not an answer of Prometheus' HTTP API: {words or 'it is empty'}") from None
    _check_distinct(found)
    return found


def error_in(body: bytes) -> str:
    """The error in an answer of the API; empty where there is none."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    said = found.get("error") if isinstance(found, Mapping) else None
    return one_line(said) if isinstance(said, str) else ""


def in_short(body: bytes) -> str:
    """The beginning of a body that is not the API's, on one line."""
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
        raise QueryFailed(f"the query returns a {kind}; a metric is a number, or series of numbers")
    for each in result:
        if "value" not in each and "values" not in each:
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
    seen: set[str] = set()
    for each in found:
        key = series_key(each.labels)
        if key in seen:
            raise QueryFailed(
                f"the query returns several series with the same labels: {key or 'none'}"[:MAX_SOURCE_WORDS]
            )
        seen.add(key)
