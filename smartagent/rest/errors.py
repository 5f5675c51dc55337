"""The one format of errors: `{"field": ["..."]}`; errors of no field are under "detail". Always JSON, no traceback.

Clients that accept problem details get the same errors as those.
"""

import logging
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.exceptions import (
    BadRequest,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
    TooManyFieldsSent,
)
from django.core.signals import got_request_exception
from django.http import Http404, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from rest_framework import exceptions, status
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response

from smartagent.kernel.database_away import AWAY, SECONDS_TO_RETRY, is_away
from smartagent.kernel.schema_drift import in_words
from smartagent.kernel.schema_drift_log import notice
from smartagent.kernel.texts import encodable
from smartagent.postgres.hidden_rows import RowsHidden
from smartagent.rest.problems import DETAIL as DETAIL
from smartagent.rest.problems import PROBLEM_TYPE, Origin, accepts_problem, problem

log = logging.getLogger("django.request")


class Conflict(exceptions.APIException):
    """The request conflicts with the state of the resource, or with another request."""

    status_code = status.HTTP_409_CONFLICT
    default_detail = "Conflict with another operation in progress."
    default_code = "conflict"


class TooLarge(exceptions.APIException):
    """The body of the request is too large."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = "The body is too large. Send it in several requests."
    default_code = "too_large"


class Incomplete(exceptions.APIException):
    """The database lacks a column or a table."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_code = "incomplete"


class Away(exceptions.APIException):
    """The database does not answer."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_detail = AWAY
    default_code = "unavailable"
    wait = SECONDS_TO_RETRY


def exception_handler(exc: Exception, context: dict[str, Any]) -> Response:
    """Return the response to an exception of a view, in the format that the client accepts."""
    answer, request = plain_answer(exc, context), context["request"]
    # Whatever the view renders otherwise: an error is JSON.
    request.accepted_renderer, request.accepted_media_type = JSONRenderer(), JSONRenderer.media_type
    if accepts_problem(request):
        answer.data, answer.content_type = problem(answer.status_code, answer.data, Origin.of(request)), PROBLEM_TYPE
    return answer


def plain_answer(exc: Exception, context: dict[str, Any]) -> Response:
    """Return the response to an exception of a view; an unexpected one is logged, and its details are left out."""
    known = _known(exc)
    if known is None:
        return _unforeseen(exc, context)
    answer = Response(errors_of(known.detail), status=known.status_code)
    if header := getattr(known, "auth_header", None):
        answer["WWW-Authenticate"] = header
    if wait := getattr(known, "wait", None):
        answer["Retry-After"] = str(int(wait))
    return answer


def errors_of(detail: Any) -> dict[str, list[str]]:
    """Flatten the detail of a REST framework error: names of nested fields are joined by a dot."""
    errors: dict[str, list[str]] = {}
    for name, message in _flat(detail):
        errors.setdefault(name or DETAIL, []).append(message)
    return errors


def _flat(detail: Any, name: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(detail, dict):
        for key, value in detail.items():
            yield from _flat(value, encodable(f"{name}.{key}" if name else str(key)))
    elif isinstance(detail, list | tuple):
        for index, value in enumerate(detail):
            nested = isinstance(value, dict | list)
            yield from _flat(value, f"{name}.{index}".lstrip(".") if nested else name)
    else:
        yield name, encodable(str(detail))


def _known(exc: Exception) -> exceptions.APIException | None:
    if isinstance(exc, exceptions.APIException):
        return exc
    if isinstance(exc, Http404):
        return exceptions.NotFound("Not found, or you do not have access.")
    if isinstance(exc, PermissionDenied):
        return exceptions.PermissionDenied()
    if isinstance(exc, RequestDataTooBig):
        return TooLarge()
    if isinstance(exc, TooManyFieldsSent):
        return exceptions.ParseError(f"At most {settings.DATA_UPLOAD_MAX_NUMBER_FIELDS:,} parameters are read.")
    if isinstance(exc, UnreadablePostError):
        return exceptions.ParseError("The body ended too early.")
    if isinstance(exc, SuspiciousOperation | BadRequest | MultiPartParserError):
        return exceptions.ParseError(f"The request cannot be read. {exc}".strip())
    if isinstance(exc, RowsHidden):
        return Incomplete(str(exc))
    return _of_database(exc)


def _of_database(exc: Exception) -> exceptions.APIException | None:
    if missing := notice(exc):
        return Incomplete(in_words(missing))
    if is_away(exc):
        log.error("the database is away", exc_info=exc)
        return Away()
    return None


def _unforeseen(exc: Exception, context: dict[str, Any]) -> Response:
    view, request = context.get("view"), context.get("request")
    log.error("%s failed", type(view).__name__, exc_info=exc)
    # Django sends this for what leaves a view: error trackers and the test client listen to it.
    got_request_exception.send(sender=type(view), request=getattr(request, "_request", None))
    text = "Server error. The error was logged; try again later."
    return Response({DETAIL: [text]}, status=status.HTTP_500_INTERNAL_SERVER_ERROR)
