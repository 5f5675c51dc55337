"""Middleware of signing in: notes of the use of sessions."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from smartagent.accounts.session_store import note_use


class SessionUseMiddleware:
    """Notes when and where a session is used, for the list of sessions."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        note_use(request)
        return response
