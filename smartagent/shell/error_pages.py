"""Error pages: in the shell if it can be rendered, else a plain page that needs neither session nor database."""

import sys
from collections.abc import Sequence
from typing import Any

from django.contrib.admin import site
from django.core.exceptions import DisallowedHost
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from smartagent.kernel.database_away import AWAY, SECONDS_TO_RETRY, is_away
from smartagent.kernel.schema_drift import Missing, in_words
from smartagent.kernel.schema_drift_log import notice
from smartagent.rest.problems import DETAIL, error_response
from smartagent.shell.request_id import request_id
from smartagent.shell.return_address import return_address

NOT_FOUND = "Page not found, or you do not have access."
DENIED = "You do not have the required role. Ask an administrator for access."
FORM_EXPIRED = (
    "This form has expired because of a sign-in or sign-out since it was opened. Nothing was saved. Open it again; "
    "what you typed in a rule, a channel or an escalation policy is filled in."
)
BAD_REQUEST = "Invalid request. Check the address, or go back and try again."
UNKNOWN_HOST = "The Host header names no host of this installation. ALLOWED_HOSTS lists its hosts."
BROKEN = "A server error occurred and was logged. No changes were saved. Try again in a moment."
API_PATHS = ("/api/", "/v1/", "/functions/", "/rest/")
OTHERS_GO_ON = "Other functions keep working."


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    words = UNKNOWN_HOST if isinstance(exception, DisallowedHost) else BAD_REQUEST
    return _plain(request, 400, "Invalid request", words)


def denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _in_shell(request, 403, "Permission denied", _detail(exception) or DENIED)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _in_shell(request, 404, "Not found", NOT_FOUND)


def broken(request: HttpRequest) -> HttpResponse:
    error = sys.exception()
    if error and (missing := notice(error)):
        return incomplete(request, missing)
    if is_away(error):
        answer = _plain(request, 503, "Database unavailable", f"{AWAY} No changes were saved.")
        answer["Retry-After"] = str(SECONDS_TO_RETRY)
        return answer
    return _plain(request, 500, "Server error", BROKEN)


def incomplete(request: HttpRequest, missing: Sequence[Missing]) -> HttpResponse:
    """Return the page for a missing column or table (503), without the shell if that needs it too."""
    words = in_words(missing)
    heading = "Database schema incomplete"
    try:
        return _in_shell(request, 503, heading, f"{words} {OTHERS_GO_ON}")
    except DatabaseError:  # what is missing is needed by every page
        return _plain(request, 503, heading, words)


def form_expired(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Return the page for an invalid CSRF token (403)."""
    return _in_shell(request, 403, "Form expired", FORM_EXPIRED, again=return_address(request))


def too_large(request: HttpRequest, maximum: int) -> HttpResponse:
    """Return the page for a form of more than `maximum` bytes (413)."""
    return _in_shell(
        request, 413, "Too much at once", f"A form here has at most {maximum / 1e6:g} MB. Send less at once."
    )


def too_long(request: HttpRequest, field: str, size: int, maximum: int) -> HttpResponse:
    """Return the page for a form whose `field` has `size` characters, more than `maximum` (413)."""
    words = f"The field “{field[:80]}” has {size:,} characters; at most {maximum:,} are read. Shorten the text."
    return _in_shell(request, 413, "Too much at once", words)


def refused(request: HttpRequest, status: int, words: str) -> HttpResponse:
    """Return the page for a request that is refused before it is read; it needs neither session nor database."""
    return _plain(request, status, "Request too large" if status in (414, 431) else "Invalid request", words)


def is_api(request: HttpRequest) -> bool:
    """Whether the request is of the API, or of a protocol with an address of its own: no response is HTML there."""
    return request.path.startswith(API_PATHS) or request.path in ("/write", "/metrics")


def _detail(exception: Exception) -> str:
    """Return the message of the exception, empty if it has none."""
    detail = exception.args[0] if exception.args and not isinstance(exception, Http404) else ""
    return detail if isinstance(detail, str) else ""


def _in_shell(request: HttpRequest, status: int, heading: str, words: str, again: str = "") -> HttpResponse:
    if is_api(request):
        return error_response(request, status, {DETAIL: [words]})
    signed_in = request.user.is_authenticated
    layout = "admin/base_site.html" if signed_in else "unfold/layouts/unauthenticated.html"
    context: dict[str, Any] = site.each_context(request) | {
        "layout": layout, "status": status, "title": heading, "words": words, "signed_in": signed_in,
        "again": again,
    }  # fmt: skip
    return render(request, "errors/in_shell.html", context, status=status)


def _plain(request: HttpRequest, status: int, heading: str, words: str) -> HttpResponse:
    if is_api(request):
        return error_response(request, status, {DETAIL: [words]})
    quoted = request_id(request) if status >= 500 else ""
    context = {"status": status, "heading": heading, "words": words, "request_id": quoted}
    return render(None, "errors/plain.html", context, status=status)
