"""Limits on all requests to the API by token, person and address, and their headers (RateLimit header fields for HTTP,
draft-ietf-httpapi-ratelimit-headers)."""

from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from rest_framework.authentication import SessionAuthentication
from rest_framework.exceptions import Throttled
from rest_framework.request import Request

from smartagent.kernel.client_address import client_address, network_of
from smartagent.kernel.request_rates import REQUEST_RATES, WINDOW_SECONDS, RequestLimit, RequestRate

RATES = "smartagent_request_rates"  # on the request, for the headers of its response


class TooManyRequests(Throttled):
    """More requests than a limit allows."""

    def __init__(self, rate: RequestRate) -> None:
        super().__init__(wait=rate.seconds_left)
        self.detail: Any = (
            f"At most {rate.limit.maximum:,} requests per {rate.limit.of} and minute. "
            f"Try again in {rate.seconds_left} seconds."
        )


def count_address(request: Request) -> None:
    """Count a request of its address, where that is known; TooManyRequests."""
    if address := client_address(request._request):
        count_request(request, address=network_of(address))


def count_request(request: Request, **of: Any) -> None:
    """Count a request of a token, a person or an address, by their ids; TooManyRequests."""
    maxima: dict[str, int] = settings.API_REQUESTS_PER_MINUTE
    limits = [
        RequestLimit(of=kind, key=f"{kind}:{key}", maximum=maxima[kind]) for kind, key in of.items() if maxima[kind] > 0
    ]
    if not limits:
        return
    rates = REQUEST_RATES.take(limits)
    setattr(request._request, RATES, [*getattr(request._request, RATES, ()), *rates])
    if exceeded := max((rate for rate in rates if rate.is_exceeded), key=lambda rate: rate.seconds_left, default=None):
        raise TooManyRequests(exceeded)


class CountedSessionAuthentication(SessionAuthentication):
    """A session, whose requests count as those of its person."""

    def authenticate(self, request: Request) -> Any:
        found = super().authenticate(request)
        if found is not None:
            count_request(request, person=found[0].pk)
        return found


class RateLimitMiddleware:
    """Adds `RateLimit-Policy` and `RateLimit` to the responses of the API: each limit, and what is left of it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        rates: Iterable[RequestRate] = getattr(request, RATES, ())
        if rates:
            response["RateLimit-Policy"] = ", ".join(
                f'"{rate.limit.of}";q={rate.limit.maximum};w={WINDOW_SECONDS}' for rate in rates
            )
            response["RateLimit"] = ", ".join(
                f'"{rate.limit.of}";r={rate.remaining};t={rate.seconds_left}' for rate in rates
            )
        return response
