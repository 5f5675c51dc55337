"""One request to Prometheus' HTTP API: a query at a time, or over a range. QueryFailed says why there is no result."""

import json
import os
import threading
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from urllib.parse import urlencode

from django.conf import settings

from rules.data_sources.answers import QueryFailed, QueryResult, QuerySeries, error_in, in_short, one_line, read_answer
from rules.data_sources.connections import Connection
from smartagent.kernel.secret_mask import hide
from smartagent.outbound.client import Answer, send
from smartagent.outbound.errors import CertificateUntrusted, NotSent

MAX_ANSWER_BYTES = 32 * 1024 * 1024
SMALL_ANSWER_BYTES = 64 * 1024  # that are read in no time
ROUNDED = timedelta(seconds=1)  # times are sent in milliseconds
MAX_VERSION = 60  # characters
ENTER_CA = " If that is right, enter the certificate of its authority as CA certificate of the data source."
QUERY_FORM = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
_reading = threading.Lock()  # one answer at a time: the values of a large one take many times its size


class SourceSilent(QueryFailed):
    """The source gave no answer at all."""


def query(source: Connection, expression: str, at: datetime, seconds: float | None = None) -> QueryResult:
    """The result of `expression` at a time, asked within `seconds`, at most the source's own limit.

    Their values are of that time, whatever time the answer gives.
    """
    found = _ask(source, "query", {"query": expression, "time": _unix(at)}, seconds)
    series = [QuerySeries(each.labels, [(at, each.value)]) for each in found.series]
    return QueryResult(series, tuple(hide(each, source.hidden) for each in found.warnings))


def query_range(
    source: Connection, expression: str, start: datetime, end: datetime, step: timedelta, seconds: float | None = None
) -> list[QuerySeries]:
    """The series of `expression` at each `step` from `start` to `end`; values of other times are left out."""
    times = {"start": _unix(start), "end": _unix(end), "step": f"{step.total_seconds():g}"}
    first, last = start - ROUNDED, end + ROUNDED
    found = _ask(source, "query_range", {"query": expression} | times, seconds)
    within = ((each.labels, [point for point in each.points if first <= point[0] <= last]) for each in found.series)
    return [QuerySeries(labels, points) for labels, points in within if points]


def version_of(source: Connection, seconds: float) -> str:
    """The version that `source` says it has; empty where it says none."""
    try:
        answer = send(
            "GET", f"{source.address}/api/v1/status/buildinfo", headers=source.headers, seconds=seconds,
            trust=source.trust,
        )  # fmt: skip
        said = json.loads(answer.body)["data"]["version"] if answer.succeeded else ""
    except (NotSent, ValueError, KeyError, TypeError, RecursionError):
        return ""
    return hide(one_line(said), source.hidden)[:MAX_VERSION] if isinstance(said, str) else ""


def _ask(source: Connection, path: str, parameters: Mapping[str, str], seconds: float | None) -> QueryResult:
    allowed = min(source.seconds, seconds or source.seconds)
    until = time.monotonic() + (seconds or source.seconds)
    body = urlencode(dict(parameters) | {"timeout": f"{allowed:.0f}s"} if allowed >= 1 else parameters).encode()
    try:
        answer = send(
            "POST", f"{source.address}/api/v1/{path}", content=body, headers={**QUERY_FORM, **source.headers},
            seconds=allowed, max_bytes=MAX_ANSWER_BYTES + 1, trust=source.trust,
        )  # fmt: skip
        return _read(answer, path == "query_range", until)
    except NotSent as error:
        hint = ENTER_CA if isinstance(error, CertificateUntrusted) else ""
        raise SourceSilent(_said(source, f"{error}{hint}")) from None
    except QueryFailed as error:
        raise QueryFailed(_said(source, str(error))) from None


def _said(source: Connection, words: str) -> str:
    """Words about an answer, which may hold anything, as they are stored and shown."""
    return f"{source.name}: {one_line(hide(words, source.hidden))}"


def _read(answer: Answer, ranged: bool, until: float) -> QueryResult:
    if len(answer.body) > MAX_ANSWER_BYTES:
        raise QueryFailed(f"the answer has more than {MAX_ANSWER_BYTES // 1024 // 1024} MB")
    if not answer.succeeded:
        raise QueryFailed(error_in(answer.body) or _status_in_words(answer))
    with _reading:
        if time.monotonic() > until and len(answer.body) > SMALL_ANSWER_BYTES:
            raise QueryFailed("no time was left to read the answer")
        return read_answer(answer.body, settings.DATA_SOURCE_MAX_SERIES, ranged=ranged)


def _status_in_words(answer: Answer) -> str:
    try:
        name = f" {HTTPStatus(answer.code).phrase}"
    except ValueError:
        name = ""
    if 300 <= answer.code < 400:
        return f"it answered {answer.code}{name}. Redirects are not followed; enter the final address"
    words = in_short(answer.body)
    return f"it answered {answer.code}{name}" + (f": {words}" if words else "")


def _forget_inherited() -> None:
    """Replace the lock in a forked child: nobody there would release it."""
    global _reading  # noqa: PLW0603
    _reading = threading.Lock()


os.register_at_fork(after_in_child=_forget_inherited)


def _unix(at: datetime) -> str:
    return f"{at.timestamp():.3f}"
