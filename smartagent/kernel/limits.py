"""Limits per person and minute on costly requests: previews, backtests, searches, silences.

All web processes count together: see `request_rates`.
"""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html

from smartagent.kernel.request_rates import REQUEST_RATES, RequestLimit


def seconds_to_wait(person: Any, what: str) -> int:
    """Count a request of `person`; 0 within the limit, else the seconds until the next is allowed."""
    maximum: int = settings.LIMITS_PER_MINUTE[what]
    if not maximum:
        return 0
    limit = RequestLimit(of="person", key=f"{what}:{person.pk}", maximum=maximum)
    [rate] = REQUEST_RATES.take([limit], time.time())
    return rate.seconds_left if rate.is_exceeded else 0


def in_words(what: str, wait: int) -> str:
    """The limit, and when it ends."""
    return f"At most {settings.LIMITS_PER_MINUTE[what]} {what} per person and minute. Try again in {wait} seconds."


def limited(what: str, answer: Callable[[str], HttpResponse] | None = None) -> Any:
    """A view that answers 429 beyond the limit; `answer` creates the response."""

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def counted(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            return too_many(request, what, answer) or view(request, *args, **kwargs)

        return counted

    return decorate


def too_many(
    request: HttpRequest, what: str, answer: Callable[[str], HttpResponse] | None = None
) -> HttpResponse | None:
    """The 429 response beyond the limit; None within it."""
    if not (wait := seconds_to_wait(request.user, what)):
        return None
    words = in_words(what, wait)
    response = answer(words) if answer else HttpResponse(format_html('<p role="alert">{}</p>', words))
    response.status_code = 429
    response["Retry-After"] = str(wait)
    return response
