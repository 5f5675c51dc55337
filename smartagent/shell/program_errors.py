"""What programs are answered: never HTML, and never a redirect that hides that a token was sent unencrypted."""

from collections.abc import Callable
from http import HTTPStatus

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from smartagent.rest.problems import DETAIL, error_response
from smartagent.shell.error_pages import is_api

UNENCRYPTED = (
    "This installation is reached by https only. Send the request to {address}, and replace the token or password that "
    "was sent unencrypted."
)
BY_TLS = "This installation is reached by https only: {address}"


class ProgramErrorsMiddleware:
    """Refuses what programs send without TLS where there is TLS, and turns errors that are HTML into JSON."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not is_api(request):
            return self.get_response(request)
        if settings.SECURE_SSL_REDIRECT and not request.is_secure():
            return _by_tls_only(request)
        response = self.get_response(request)
        if response.status_code >= 400 and response.get("Content-Type", "").startswith("text/html"):
            return error_response(request, response.status_code, {DETAIL: [HTTPStatus(response.status_code).phrase]})
        return response


def _by_tls_only(request: HttpRequest) -> HttpResponse:
    """403; reading without credentials is led to the same address by TLS, as that of a page."""
    address = f"https://{request.get_host()}{request.get_full_path()}"
    if request.method not in ("GET", "HEAD") or "Authorization" in request.headers:
        return error_response(request, 403, {DETAIL: [UNENCRYPTED.format(address=address)]})
    response = error_response(request, 308, {DETAIL: [BY_TLS.format(address=address)]})
    response["Location"] = address
    return response
