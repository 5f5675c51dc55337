"""Old names of the API, which go on to work: their answers say since when they are deprecated, and what to use instead.

Headers: `Deprecation` (RFC 9745), `Sunset` (RFC 8594) where the end is known, `Link` to documentation and successor.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.http import http_date

DOCUMENTATION = "/docs/rest/#deprecations"


@dataclass(frozen=True, kw_only=True)
class Deprecation:
    """An old name: the pattern of a path, since when it is one, and the path to use instead."""

    path: str
    since: datetime
    successor: str
    sunset: datetime | None = None

    def headers(self) -> dict[str, str]:
        """The headers of an answer."""
        links = f'<{settings.SITE_URL}{DOCUMENTATION}>; rel="deprecation"; type="text/html"'
        links += f', <{settings.SITE_URL}{self.successor}>; rel="successor-version"'
        found = {"Deprecation": f"@{int(self.since.timestamp())}", "Link": links}
        return found | ({"Sunset": http_date(self.sunset.timestamp())} if self.sunset else {})


SINCE_API = datetime(2026, 11, 29, tzinfo=UTC)  # when the API had what replaces the functions of a legacy project
# For clients of a legacy project, which only change the host: they have no end.
DEPRECATIONS = (
    Deprecation(path="/functions/v1/ai_agent_dispatcher", since=SINCE_API, successor="/api/dispatch/"),
    Deprecation(path="/functions/v1/fusion_live_optimizer", since=SINCE_API, successor="/api/optimizations/"),
)


class DeprecationMiddleware:
    """Adds the headers of the old name, if any, to an answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if found := deprecation_of(request.path):
            for name, value in found.headers().items():
                response[name] = value
        return response


def deprecation_of(path: str) -> Deprecation | None:
    """The deprecation of an address, if it is an old name."""
    return next((each for each in DEPRECATIONS if re.fullmatch(each.path, path)), None)
