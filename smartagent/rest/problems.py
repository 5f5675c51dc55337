"""Errors as problem details (RFC 9457), for clients that accept `application/problem+json`.

All errors of the API are `{"field": ["…"]}`; a problem says the same with a type, a title and pointers.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.utils.encoding import escape_uri_path
from django.utils.http import parse_header_parameters

Errors = Mapping[str, list[str]]

DETAIL = "detail"  # the key of errors of no field
PROBLEM_TYPE = "application/problem+json"
PROBLEM_TYPES = {
    400: ("invalid-request", "The request is not valid"),
    401: ("not-authenticated", "A valid token is required"),
    403: ("permission-denied", "Permission denied"),
    404: ("not-found", "Not found"),
    405: ("method-not-allowed", "The address does not have this method"),
    406: ("not-acceptable", "The Accept header excludes the answer"),
    409: ("conflict", "The state of the object does not allow the request"),
    412: ("changed", "The object has been changed meanwhile"),
    413: ("too-large", "The body is too large"),
    414: ("address-too-long", "The address is too long"),
    415: ("unsupported-media-type", "The type, coding or charset of the body is not supported"),
    422: ("key-reused", "The Idempotency-Key belongs to another request"),
    429: ("too-many-requests", "Too many requests"),
    431: ("headers-too-large", "The headers are too large"),
    500: ("server-error", "Server error"),
    503: ("unavailable", "A part of the service is not available"),
}
MAX_DETAIL = 2_000  # characters; `errors` has all of them
WITH_BODY = ("POST", "PUT", "PATCH")
SEPARATORS = re.compile(r"[.\[\]]+")


@dataclass(frozen=True)
class Origin:
    """The parts of a request that its errors are about."""

    path: str
    has_body: bool
    parameters: frozenset[str]
    headers: frozenset[str]

    @classmethod
    def of(cls, request: HttpRequest) -> "Origin":
        """The origin of the errors of `request`."""
        parameters = re.findall(r"(?:^|&)([^=&]+)", request.META.get("QUERY_STRING", ""))
        headers = frozenset(name.lower() for name in request.headers)
        return cls(escape_uri_path(request.path), request.method in WITH_BODY, frozenset(parameters), headers)

    def place(self, name: str) -> dict[str, str]:
        """The member of an error that says where it is: the name of a parameter or header, or a JSON pointer."""
        if name == DETAIL:
            return {}
        if name in self.parameters or not self.has_body:
            return {"parameter": name}
        if name.lower() in self.headers:
            return {"header": name}
        return {"pointer": pointer(name)}


def accepts_problem(request: HttpRequest) -> bool:
    """Whether the `Accept` header of the request lists problem details."""
    for each in request.headers.get("Accept", "").split(","):
        kind, parameters = parse_header_parameters(each)
        if kind.strip() == PROBLEM_TYPE:
            return parameters.get("q", "1").strip("0.") != ""
    return False


def problem(status: int, errors: Errors, origin: Origin) -> dict[str, Any]:
    """The errors of a response with `status` as problem details."""
    slug, title = PROBLEM_TYPES.get(status, ("", HTTPStatus(status).phrase))
    listed = [(name, message) for name, messages in errors.items() for message in messages]
    words = " ".join(message if name == DETAIL else f"{name}: {message}" for name, message in listed)
    return {
        "type": f"{settings.SITE_URL}/docs/rest/#{slug}" if slug else "about:blank",
        "title": title,
        "status": status,
        "detail": words if len(words) <= MAX_DETAIL else f"{words[: MAX_DETAIL - 1]}…",
        "instance": origin.path,
        "errors": [{"detail": message} | origin.place(name) for name, message in listed],
    }


def pointer(name: str) -> str:
    """A field, such as `settings.url` or `rules[3].name`, as the fragment of a JSON pointer: `#/rules/3/name`."""
    parts = [part.replace("~", "~0").replace("/", "~1") for part in SEPARATORS.split(name) if part]
    return "#/" + "/".join(parts)


def error_response(request: HttpRequest, status: int, errors: Errors) -> JsonResponse:
    """The response to an error outside the views of the API, in the format that the client accepts."""
    if accepts_problem(request):
        return JsonResponse(problem(status, errors, Origin.of(request)), status=status, content_type=PROBLEM_TYPE)
    return JsonResponse(dict(errors), status=status)
