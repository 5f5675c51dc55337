"""One request to Prometheus' HTTP API: a query at a time, or over a range. QueryFailed says why there is no result."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from urllib.parse import urlencode

from django.conf import settings

from rules.data_sources.answers import QueryFailed, QuerySeries, error_in, in_short, one_line, read_answer
from rules.data_sources.connections import Connection
from smartagent.kernel.secret_mask import hide
from smartagent.outbound.client import Answer, send
from smartagent.outbound.errors import CertificateUntrusted, NotSent

MAX_ANSWER_BYTES = 32 * 1024 * 1024
MAX_VERSION = 60  # characters
ENTER_CA = " If that is right, enter the certificate of its authority as CA certificate of the data source."
QUERY_FORM = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}


class SourceSilent(QueryFailed):
    """The source gave no answer at all."""


def query(source: Connection, expression: str, at: datetime, seconds: float | None = None) -> list[QuerySeries]:
    """The series of `expression` at a time, asked within `seconds`, at most the source's own limit."""
    return _ask(source, "query", {"query": expression, "time": _unix(at)}, seconds)


def query_range(
    source: Connection, expression: str, start: datetime, end: datetime, step: timedelta, seconds: float | None = None
) -> list[QuerySeries]:
    """The series of `expression` at each `step` from `start` to `end`."""
    times = {"start": _unix(start), "end": _unix(end), "step": f"{step.total_seconds():g}"}
    return _ask(source, "query_range", {"query": expression} | times, seconds)


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


def _ask(source: Connection, path: str, parameters: Mapping[str, str], seconds: float | None) -> list[QuerySeries]:
    allowed = min(source.seconds, seconds or source.seconds)
    body = urlencode(dict(parameters) | {"timeout": f"{allowed:.0f}s"} if allowed >= 1 else parameters).encode()
    try:
        answer = send(
            "POST", f"{source.address}/api/v1/{path}", content=body, headers={**QUERY_FORM, **source.headers},
            seconds=allowed, max_bytes=MAX_ANSWER_BYTES + 1, trust=source.trust,
        )  # fmt: skip
        return _read(answer)
    except NotSent as error:
        hint = ENTER_CA if isinstance(error, CertificateUntrusted) else ""
        raise SourceSilent(f"{source.name}: {hide(str(error), source.hidden)}{hint}") from None
    except QueryFailed as error:
        raise QueryFailed(f"{source.name}: {hide(str(error), source.hidden)}") from None


def _read(answer: Answer) -> list[QuerySeries]:
    if len(answer.body) > MAX_ANSWER_BYTES:
        raise QueryFailed(f"the answer has more than {MAX_ANSWER_BYTES // 1024 // 1024} MB")
    if not answer.succeeded:
        raise QueryFailed(error_in(answer.body) or _status_in_words(answer))
    return read_answer(answer.body, settings.DATA_SOURCE_MAX_SERIES)


def _status_in_words(answer: Answer) -> str:
    try:
        name = f" {HTTPStatus(answer.code).phrase}"
    except ValueError:
        name = ""
    if 300 <= answer.code < 400:
        return f"it answered {answer.code}{name}. Redirects are not followed; enter the final address"
    words = in_short(answer.body)
    return f"it answered {answer.code}{name}" + (f": {words}" if words else "")


def _unix(at: datetime) -> str:
    return f"{at.timestamp():.3f}"
