"""What every request needs."""

import zoneinfo
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from rules.noticing import notice
from smartagent.errors import incomplete
from smartagent.visible import in_page


class TimeZoneMiddleware:
    """Show times in the zone of the person who looks."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with timezone.override(zoneinfo.ZoneInfo(getattr(request.user, "time_zone", "UTC"))):
            return self.get_response(request)


class VisibleMiddleware:
    """Pages show no control characters and no overrides of the direction of writing, whoever wrote what they show."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not response.streaming and response.get("Content-Type", "").startswith("text/html"):
            page = response.content.decode(response.charset, "replace")
            if (shown := in_page(page)) != page:
                response.content = shown.encode(response.charset)
        return response


class MissingColumnMiddleware:
    """Where a view breaks because the database lacks a column, say which, and what to do."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """None where it is another mistake."""
        missing = notice(exception)
        return incomplete(request, missing) if missing else None
