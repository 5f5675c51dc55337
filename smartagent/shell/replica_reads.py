"""Which requests are answered from the replica: lists, exports and statistics that somebody only looks at.

Nothing is decided by what a replica says: who is signed in, what they may do and every change is read from the primary.
So is all that a browser asks for within seconds of a change of its own, which would miss it.
"""

from collections.abc import Callable

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse

from smartagent.kernel.replica import ReplicaReads, is_configured, look_again, replica_state
from smartagent.kernel.streams import WrappedStream

# Lists and statistics of what has happened, by the beginning of their addresses.
FROM_REPLICA = (
    "/activity/", "/api/activity/", "/deliveries/", "/api/deliveries/", "/runs/", "/api/runs/", "/reliability/",
    "/api/reliability/", "/api/samples/", "/received-metrics/", "/api/received-metrics/", "/optimizer-scoreboard/",
)  # fmt: skip
LIVE = ("/api/activity/stream/", "/activity/newer/")
WROTE_COOKIE = "wrote"
GRACE_SECONDS = 5  # that a change may take to be seen, beyond the lag that is allowed
SHOWN_FROM = 5.0  # seconds behind: a page says so
LAG_HEADER = "X-Data-Age"


class ReplicaMiddleware:
    """Answers such requests from the replica, where it is near enough; what it cannot answer, the primary does."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not is_configured():
            return self.get_response(request)
        response = self._from_replica(request) if _may_be_old(request) else None
        if response is None:
            response = self.get_response(request)
        if request.method not in ("GET", "HEAD", "OPTIONS"):
            _remember_change(response)
        return response

    def _from_replica(self, request: HttpRequest) -> HttpResponse | None:
        state = replica_state()
        if not state.usable or connection.in_atomic_block:
            return None
        request.replica_lag = state.lag  # type: ignore[attr-defined]
        reads, streams = ReplicaReads(), False
        try:
            with reads.block():
                response = self.get_response(request)
            streams = response.streaming
        finally:
            if not streams:
                reads.close()
        if response.status_code >= 500:  # it is gone, or the page would write
            response.close()
            look_again()
            request.replica_lag = None  # type: ignore[attr-defined]
            return None
        if streams:
            content = response.streaming_content  # type: ignore[attr-defined]
            response.streaming_content = WrappedStream(content, reads.close, reads.block)  # type: ignore[attr-defined]
        response.headers[LAG_HEADER] = str(round(state.lag or 0))
        return response


def _may_be_old(request: HttpRequest) -> bool:
    """Tokens are read by their views, which note their use."""
    path = request.path_info
    return (
        request.method in ("GET", "HEAD")
        and path.startswith(FROM_REPLICA)
        and not path.startswith(LIVE)
        and WROTE_COOKIE not in request.COOKIES
        and "Authorization" not in request.headers
    )


def _remember_change(response: HttpResponse) -> None:
    response.set_cookie(
        WROTE_COOKIE, "1", max_age=settings.REPLICA_MAX_LAG_SECONDS + GRACE_SECONDS, httponly=True,
        secure=settings.SESSION_COOKIE_SECURE, samesite="Lax",
    )  # fmt: skip
