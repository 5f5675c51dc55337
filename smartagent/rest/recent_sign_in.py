"""Secrets by the session of a browser need a recent sign-in; programs with a token go on."""

from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request

from smartagent.kernel.recent_sign_in import ASK_AGAIN, is_recent


def require_recent_sign_in(request: Request) -> None:
    """PermissionDenied where the request comes by a session whose sign-in was long ago."""
    if request.auth is None and not is_recent(request._request):
        raise PermissionDenied(ASK_AGAIN)
