"""The HTTP client: `send` makes one request and returns its response.

Redirects are not followed, and count as failures. Addresses of private networks are refused after the look-up, on each
connection. A request ends within ten seconds, responses are read up to a limit, TLS is verified, and the proxies of the
environment are used. Who asks can set another time, limit, or trust.
"""

import email.utils
import os
import time
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpcore
import httpx

from smartagent.kernel.formats import plural
from smartagent.outbound.addresses import is_ours, resolve
from smartagent.outbound.errors import (
    AddressRefused,
    CertificateUntrusted,
    NotSent,
    RequestRefused,
    TimedOut,
    Unreachable,
    unreachable,
)
from smartagent.outbound.network import deadline, remaining
from smartagent.outbound.proxies import proxy_of
from smartagent.outbound.tls import USUAL, Trust, is_untrusted, tls_problem
from smartagent.outbound.transports import transport_for

CONNECT, TOTAL = 5.0, 10.0  # seconds
MAX_RESPONSE_BYTES = 64 * 1024  # bytes of an answer
EXCERPT = 500  # characters of it that are kept
DEFAULT_HEADERS = {"User-Agent": "SmartAgent/0.1", "Accept": "*/*", "Accept-Encoding": "identity"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A response: status code, beginning of the body, and Retry-After if given."""

    code: int
    excerpt: str
    retry_after: timedelta | None
    seconds: float
    body: bytes = b""

    @property
    def succeeded(self) -> bool:
        """Whether the status is 2xx: a redirect has delivered nothing."""
        return 200 <= self.code < 300


def send(
    method: str, url: str, *, content: bytes = b"", headers: Mapping[str, str] | None = None,
    seconds: float | None = None, max_bytes: int = MAX_RESPONSE_BYTES, trust: Trust = USUAL,
) -> Answer:  # fmt: skip
    """Make one request within `seconds`; return the response with at most `max_bytes`, NotSent if there was none."""
    address = check_url(url)
    started, seconds = time.perf_counter(), TOTAL if seconds is None else seconds
    limits = {"timeout": httpx.Timeout(seconds, connect=min(CONNECT, seconds)).as_dict()}
    try:
        with deadline(seconds):
            request = httpx.Request(
                method, address, headers={**DEFAULT_HEADERS, **(headers or {})}, content=content, extensions=limits
            )
            with (
                transport_for(_proxy_for(address), trust) as transport,
                closing(transport.handle_request(request)) as response,
            ):
                body = _bounded(response, max_bytes)
    except (httpx.TimeoutException, TimedOut):
        raise Unreachable(timeout_words(address, seconds)) from None
    except (httpx.LocalProtocolError, UnicodeError):  # they quote what is secret
        raise RequestRefused(RequestRefused.__doc__) from None
    except (httpx.HTTPError, httpcore.ConnectError, httpx.InvalidURL, ValueError) as error:
        words = reached_words(address, _words(error))
        if is_untrusted(error):
            raise CertificateUntrusted(words) from None
        raise unreachable(words, error) from None
    return answer_of(response.status_code, response.headers.get("Retry-After"), body, started)


def answer_of(code: int, retry_after: str | None, body: bytes, started: float) -> Answer:
    """The answer to a request that `started` at a time of `perf_counter`."""
    return Answer(
        code=code, excerpt=_text(body), retry_after=_retry_after(retry_after),
        seconds=time.perf_counter() - started, body=body,
    )  # fmt: skip


def timeout_words(address: httpx.URL, seconds: float) -> str:
    """The error of a request that took too long."""
    return f"{address.host} did not answer within {seconds:.0f} {plural(round(seconds), 'second')}."


def reached_words(address: httpx.URL, why: str) -> str:
    """The error of a request that got no valid response."""
    return f"{address.host} could not be reached: {why}."


def check_url(url: str) -> httpx.URL:
    """Return the parsed URL; AddressRefused if it is no HTTP URL, or contains a password."""
    try:
        found = httpx.URL(url)
    except (httpx.InvalidURL, TypeError, ValueError):
        raise AddressRefused("Invalid URL. Example: https://example.com/hook.") from None
    if found.scheme not in ("http", "https") or not found.host:
        raise AddressRefused("The URL must begin with https:// or http:// and name a host.")
    if found.userinfo:
        raise AddressRefused("Do not put a name and password in the URL; use a header.")
    return found


def _proxy_for(address: httpx.URL) -> str | None:
    """Return the environment's proxy for an address, None without; AddressRefused if it resolves to a forbidden one."""
    proxy = proxy_of(os.environ, address.scheme, address.host, address.port)
    if not proxy or is_ours(address.host):
        return None
    with suppress(Unreachable):  # only the proxy may be able to look it up
        resolve(address.host, address.port or 0, remaining(CONNECT))
    return proxy


def _bounded(response: httpx.Response, max_bytes: int) -> bytes:
    """Return the beginning of the body; the rest of a long one is not read, which closes the connection."""
    read = bytearray()
    for chunk in response.iter_raw():
        read += chunk
        if len(read) >= max_bytes:
            break
        remaining(None)
    return bytes(read[:max_bytes])


def _text(body: bytes) -> str:
    return body[: EXCERPT * 4].decode("utf-8", "replace").replace("\x00", "")[:EXCERPT]


def _retry_after(value: str | None) -> timedelta | None:
    """Parse Retry-After: seconds or a date (RFC 9110, 10.2.3); None if it is neither."""
    if not value:
        return None
    if value.strip().isdecimal():
        return timedelta(seconds=min(int(value.strip()[:9]), 7 * 86_400))
    try:
        at = email.utils.parsedate_to_datetime(value)
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return min(max(at - datetime.now(UTC), timedelta(0)), timedelta(days=7))


def _words(error: Exception) -> str:
    if isinstance(error, NotSent):
        return str(error)
    return tls_problem(error) or (str(error) or type(error).__name__)[:300].rstrip(".")
