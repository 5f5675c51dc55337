"""Each request of a member runs as the role that row-level security keeps to their own rows."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from smartagent.kernel.member_role import keep_to, leave
from smartagent.kernel.scope import has_everyone
from smartagent.kernel.streams import WrappedStream


def keep_to_own(user: Any) -> None:
    """Keep the rest of the request to the rows of `user`, where they are a member."""
    if _is_member(user):
        keep_to_oneself(user)


def keep_to_oneself(user: Any) -> None:
    """Keep the rest of the request to the rows of `user`, whatever their roles."""
    if settings.ROW_LEVEL_SECURITY:
        keep_to(user.pk)


class RowSecurityMiddleware:
    """Takes the role once the person is known, and gives it back whatever happens. A token is read later, by its view,
    which calls `keep_to_own` itself."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        leave()  # of a stream that its server has not closed
        streams = False
        try:
            keep_to_own(request.user)
            response = self.get_response(request)
            streams = response.streaming
        finally:
            if not streams:
                leave()
        if streams:
            response.streaming_content = WrappedStream(response.streaming_content, leave)  # type: ignore[attr-defined]
        return response


def _is_member(user: Any) -> bool:
    """Whether this is somebody who sees only what is theirs."""
    if not user.is_authenticated:
        return False
    return not (has_everyone(user, "view") or has_everyone(user, "change") or user.has_perm("smartagent.view_user"))
