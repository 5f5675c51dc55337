"""Each request has an ID, in its answer and in its log lines: that of the proxy, or one of its own."""

import pytest
import structlog
from django.http import HttpResponse, StreamingHttpResponse
from django.test import Client, RequestFactory

from smartagent.shell.request_id import REQUEST_ID_HEADER, RequestIdMiddleware

pytestmark = pytest.mark.django_db


def bound():
    return structlog.contextvars.get_contextvars().get("request_id")


def sent(value):
    return Client().get("/login/", headers={REQUEST_ID_HEADER: value}).headers[REQUEST_ID_HEADER]


def test_the_answer_has_that_of_the_proxy_or_another():
    assert sent("3f2a9c1e-7b44-4f0e-9d55-0c6f1a2b3c4d") == "3f2a9c1e-7b44-4f0e-9d55-0c6f1a2b3c4d"
    for value in ("", "short", "a" * 65, "level=error event=x", "é" * 12):
        assert len(sent(value)) == 32
    first, second = (Client().get("/api/rules/").headers[REQUEST_ID_HEADER] for _ in range(2))
    assert first != second


def test_log_lines_have_it_also_those_of_a_stream_and_no_others():
    said = []

    def chunks():
        said.append(bound())
        yield b"x"

    def view(request):
        said.append(bound())
        return StreamingHttpResponse(chunks()) if request.path == "/stream" else HttpResponse()

    answer = RequestIdMiddleware(view)
    request = RequestFactory().get("/", headers={REQUEST_ID_HEADER: "of-one-page"})
    answer(request)
    stream = answer(RequestFactory().get("/stream", headers={REQUEST_ID_HEADER: "of-a-stream"}))
    assert b"".join(stream.streaming_content) == b"x"
    assert said == ["of-one-page", "of-a-stream", "of-a-stream"]
    assert bound() is None
