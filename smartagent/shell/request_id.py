"""The ID of each request: in its log lines, in the answer, and on the page of an error, for whoever asks about it.

A proxy or program may send one of its own as X-Request-ID, so that both logs have the same.
"""

import re
from collections.abc import Callable
from functools import partial
from uuid import uuid4

import structlog
from django.http import FileResponse, HttpRequest, HttpResponse

from smartagent.kernel.streams import WrappedStream

REQUEST_ID_HEADER = "X-Request-ID"
WELL_FORMED = re.compile(r"[\w.:-]{8,64}", re.ASCII)


class RequestIdMiddleware:
    """Gives each request an ID, and its answer too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.request_id = _sent(request) or uuid4().hex  # type: ignore[attr-defined]
        bound = partial(structlog.contextvars.bound_contextvars, request_id=request_id(request))
        with bound():
            response = self.get_response(request)
        response.headers[REQUEST_ID_HEADER] = request_id(request)
        if response.streaming and not isinstance(response, FileResponse):
            content = response.streaming_content  # type: ignore[attr-defined]
            response.streaming_content = WrappedStream(content, _nothing, bound)  # type: ignore[attr-defined]
        return response


def request_id(request: HttpRequest) -> str:
    """The ID of a request; empty where it has none."""
    found: str = getattr(request, "request_id", "")
    return found


def _sent(request: HttpRequest) -> str:
    sent = request.headers.get(REQUEST_ID_HEADER, "")
    return sent if WELL_FORMED.fullmatch(sent) else ""


def _nothing() -> None:
    """Nothing is to be done at the end of a stream."""
