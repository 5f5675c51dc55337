"""Rate limits per person, shared with the pages: 429 with the seconds to wait."""

from typing import Any

from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from smartagent.kernel.limits import seconds_to_wait


class Limit(BaseThrottle):
    """Limits requests of one kind per person."""

    what = ""

    def allow_request(self, request: Request, view: Any) -> bool:
        self.seconds = seconds_to_wait(request.user, self.what) if request.user.is_authenticated else 0
        return not self.seconds

    def wait(self) -> float | None:
        return float(self.seconds)


class Previews(Limit):
    """Limits requests that compute much and change nothing: trials, previews, plans."""

    what = "previews"


class Silences(Limit):
    """Limits creations and changes of silences."""

    what = "silences"

    def allow_request(self, request: Request, view: Any) -> bool:
        return getattr(view, "action", "") not in ("create", "partial_update") or super().allow_request(request, view)
