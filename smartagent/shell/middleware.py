"""Middleware: time zone, harmless characters, limits of forms, missing columns."""

import zoneinfo
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from smartagent.kernel.schema_drift_log import notice
from smartagent.kernel.visible_text import in_page
from smartagent.shell.error_pages import incomplete, is_api, too_large, too_long

LARGEST_TYPED, LARGEST_FORM = 2_500_000, 10_000_000  # bytes
LONGEST_VALUE = 200_000  # characters of one field; a form that is refused is sent back with all that was typed
FORMS_WITH_FILES = ("admin:rules_automationrule_code",)


class TimeZoneMiddleware:
    """Activates the time zone of the signed-in person."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with timezone.override(zoneinfo.ZoneInfo(getattr(request.user, "time_zone", "UTC"))):
            return self.get_response(request)


class VisibleMiddleware:
    """Removes control characters and bidirectional overrides from pages, whoever wrote the text."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not response.streaming and response.get("Content-Type", "").startswith("text/html"):
            page = response.content.decode(response.charset, "replace")
            if (shown := in_page(page)) != page:
                response.content = shown.encode(response.charset)
        return response


class FormSizeMiddleware:
    """Refuses forms that are too large, before they are read, and fields that are too long, before they are validated.

    Only the page of rules as code takes files. Requests of the API are limited by their views.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """Return the refusal of a form that is too large; runs before the CSRF check reads the form."""
        where = request.resolver_match.view_name if request.resolver_match else ""
        maximum = LARGEST_FORM if where in FORMS_WITH_FILES else LARGEST_TYPED
        length = str(request.META.get("CONTENT_LENGTH") or "")
        is_larger = length.isdecimal() and (len(length) > 15 or int(length) > maximum)
        if is_api(request):
            return None
        if is_larger:
            return too_large(request, maximum)
        field, size = ("", 0) if where in FORMS_WITH_FILES else _longest_value(request)
        return too_long(request, field, size, LONGEST_VALUE) if size > LONGEST_VALUE else None


def _longest_value(request: HttpRequest) -> tuple[str, int]:
    """Return the field with the longest value of the form, and its number of characters."""
    sizes = ((name, len(value)) for name, values in request.POST.lists() for value in values)
    return max(sizes, key=lambda each: each[1], default=("", 0))


class MissingColumnMiddleware:
    """Answers a missing column with a page that names it and the fix."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Return the page for a missing column or table; None for any other exception."""
        missing = notice(exception)
        return incomplete(request, missing) if missing else None
