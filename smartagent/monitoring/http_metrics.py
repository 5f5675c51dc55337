"""Requests and their duration, by the name of their route: there are as many as the project has addresses."""

import time
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from smartagent.kernel.process_metrics import OTHER, counter, histogram

UNKNOWN, STATIC = "unknown", "static"
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}

REQUESTS = counter(
    "smartagent_http_requests_total", "HTTP requests, by the name of the route; unknown is every other address.",
    ["route", "method", "status"],
)  # fmt: skip
REQUEST_SECONDS = histogram(
    "smartagent_http_request_duration_seconds", "Time until a request is answered, or its stream begins.",
    ["route"], buckets=(0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0),
)  # fmt: skip


class HTTPMetricsMiddleware:
    """Counts requests and measures how long they take."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        started = time.perf_counter()
        response = self.get_response(request)
        route = route_of(request)
        method = request.method if request.method in METHODS else OTHER
        REQUESTS.labels(route, method, str(response.status_code)).inc()
        REQUEST_SECONDS.labels(route).observe(time.perf_counter() - started)
        return response


def route_of(request: HttpRequest) -> str:
    """The name of the route that the request has taken."""
    if match := request.resolver_match:
        return match.view_name
    return STATIC if request.path.startswith(settings.STATIC_URL) else UNKNOWN
