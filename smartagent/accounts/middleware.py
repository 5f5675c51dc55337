"""Middleware of signing in: notes of the use of sessions, required second factors, recent sign-ins."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse

from smartagent.accounts.recent_sign_in import confirmation_of
from smartagent.accounts.required_second_factor import refusal_without
from smartagent.accounts.session_store import note_use


class SessionUseMiddleware:
    """Notes when and where a session is used, for the list of sessions."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        note_use(request)
        return response


class SignInRulesMiddleware:
    """Asks for a second factor where one is required and missing, and for a recent sign-in where a page needs that."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """Return the way to what is missing; None where the request may go on."""
        return refusal_without(request) or confirmation_of(request)
