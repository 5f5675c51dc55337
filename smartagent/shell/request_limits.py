"""Limits of what stands before the body of a request, checked before anything reads it.

The web server has its own, wider ones. Bodies are limited by the views of the API (`smartagent.rest.bodies`), forms by
`FormSizeMiddleware`.
"""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from smartagent.shell.error_pages import refused

MAX_PATH, MAX_QUERY, MAX_HEADERS = 4_096, 16_384, 49_152  # characters; of all headers together


class RequestLimitsMiddleware:
    """Refuses requests whose path, query, number of parameters or headers are too large."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        found = _excess(request)
        return refused(request, *found) if found else self.get_response(request)


def _excess(request: HttpRequest) -> tuple[int, str] | None:
    """Return the status and the message of the limit that `request` exceeds."""
    query, parameters = request.META.get("QUERY_STRING", ""), settings.DATA_UPLOAD_MAX_NUMBER_FIELDS or 1_000
    if len(request.path) > MAX_PATH:
        return 414, f"The path of the address has more than {MAX_PATH:,} characters."
    if len(query) > MAX_QUERY:
        return 414, f"The query of the address has {len(query):,} characters; at most {MAX_QUERY:,} are read."
    if query.count("&") >= parameters:
        return 400, f"The address has more than {parameters:,} parameters."
    size = sum(len(name) + len(value) for name, value in request.META.items() if name.startswith("HTTP_"))
    if size > MAX_HEADERS:
        return 431, f"The headers have {size:,} characters together; at most {MAX_HEADERS:,} are read."
    return None
