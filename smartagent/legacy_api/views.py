"""The base of the legacy project's endpoints: tokens, bodies, CORS, and the two formats of errors."""

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import exceptions
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from smartagent.legacy_api.callers import BearerAuthentication, IsKnown
from smartagent.rest.errors import DETAIL, errors_of, plain_answer
from smartagent.rest.parsers import read_json, text_of

CORS = {
    "Access-Control-Allow-Origin": "*",  # no cookie is looked at, so no origin gains anything
    "Access-Control-Allow-Methods": "GET, HEAD, POST, OPTIONS",
    "Access-Control-Allow-Headers": (
        "authorization, x-client-info, apikey, content-type, accept-profile, content-profile, prefer, range, "
        "x-region, x-retry-count, x-supabase-api-version"
    ),
    "Access-Control-Expose-Headers": (
        "Content-Range, Deprecation, Link, RateLimit, RateLimit-Policy, Retry-After, Sunset"
    ),
    "Access-Control-Max-Age": "3600",
}


class AnyJSON(BaseParser):
    """A JSON object, whatever its content type; nothing is an empty one."""

    media_type = "*/*"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        text = text_of(parser_context)
        try:
            found = read_json(text) if text.strip() else {}
        except ValueError as error:
            raise exceptions.ParseError(f"The body is not JSON: {error}") from None
        if not isinstance(found, dict):
            raise exceptions.ParseError("The body must be a JSON object.")
        return found


class AnswersJSON(DefaultContentNegotiation):
    """Answers JSON, whatever the client accepts."""

    def select_renderer(self, request: Any, renderers: Any, format_suffix: Any = None) -> Any:
        return renderers[0], renderers[0].media_type


@extend_schema(exclude=True)
class LegacyView(APIView):
    """The base of functions and procedures."""

    authentication_classes = [BearerAuthentication]
    permission_classes = [IsKnown]
    parser_classes = [AnyJSON]
    content_negotiation_class = AnswersJSON
    http_method_names = ["post", "options"]

    def options(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """What a browser asks before it calls from another origin."""
        return Response("ok")

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        if request.method != "OPTIONS":
            super().initial(request, *args, **kwargs)

    def error(self, status: int, message: str) -> Mapping[str, Any]:
        """The body of an error."""
        raise NotImplementedError

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, exceptions.NotAuthenticated | exceptions.AuthenticationFailed):
            exc.auth_header = 'Bearer realm="Smart Agent"'  # type: ignore[union-attr]
        response = plain_answer(exc, self.get_exception_handler_context())
        response.data = self.error(response.status_code, _in_words(response.data))
        response.exception = True
        return response

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        found = super().finalize_response(request, response, *args, **kwargs)
        for name, value in CORS.items():
            found[name] = value
        return found


def _in_words(data: Any) -> str:
    """The errors in one line, each with its field."""
    return " ".join(
        message if name == DETAIL else f"{name}: {message}"
        for name, messages in errors_of(data).items()
        for message in messages
    )
