"""The HTTP client for many requests at a time in one event loop: `send` as in `client`, to be awaited.

All of it holds here, too: redirects are not followed, private addresses are refused on each connection, a request ends
in time, responses are read up to a limit, TLS is verified, and the proxies of the environment are used. Within
`connections` a connection is kept for the next request to the same host.
"""

import asyncio
import os
import socket
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from functools import lru_cache, partial
from io import BytesIO
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

import aiohttp
import httpx
from aiohappyeyeballs import AddrInfoType
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.http import HttpProcessingError
from aiohttp.resolver import ThreadedResolver
from yarl import URL

from smartagent.outbound import client
from smartagent.outbound.addresses import check, is_ours, resolve_async
from smartagent.outbound.client import (
    CONNECT,
    DEFAULT_HEADERS,
    MAX_RESPONSE_BYTES,
    Answer,
    answer_of,
    check_url,
    reached_words,
    timeout_words,
)
from smartagent.outbound.errors import AddressRefused, CertificateUntrusted, RequestRefused, Unreachable, unreachable
from smartagent.outbound.exchange import Exchange, Response, are_valid
from smartagent.outbound.proxies import proxy_of
from smartagent.outbound.tls import is_untrusted, tls_problem

KEPT = 4.0  # seconds without a request after which a connection is closed: many servers close theirs after five
TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT)
LARGE = 1024 * 1024  # bytes of a body that is written piece by piece, so as not to hold up the other requests

_open: "WeakKeyDictionary[asyncio.AbstractEventLoop, Connections]" = WeakKeyDictionary()


class Connections:
    """The open connections of one event loop: those to checked addresses, and those to proxies."""

    def __init__(self) -> None:
        self.direct = _session(resolver=CheckedResolver(), socket_factory=self._checked_socket)
        self.exchange = Exchange(self.direct.connector, TIMEOUT)  # type: ignore[arg-type] # of an open session
        # The proxy may be anywhere: the administrator has named it.
        self.by_proxy = _session(resolver=ThreadedResolver(), socket_factory=self._socket)
        self._sockets: WeakSet[socket.socket] = WeakSet()
        self._proxy_of = lru_cache(maxsize=4096)(partial(proxy_of, dict(os.environ)))

    async def proxy_for(self, address: httpx.URL) -> str | None:
        """The environment's proxy for an address, None without; AddressRefused if it resolves to a forbidden one."""
        proxy = self._proxy_of(address.scheme, address.host, address.port)
        if not proxy or is_ours(address.host):
            return None
        with suppress(Unreachable):  # only the proxy may be able to look it up
            await resolve_async(address.host, address.port or 0, CONNECT)
        return proxy

    async def close(self) -> None:
        """Close all of them."""
        await self.direct.close()
        await self.by_proxy.close()
        await asyncio.sleep(0)  # sockets are closed in the next turn of the loop
        for each in self._sockets:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)  # one whose receiver does not read
        for _ in range(3):
            await asyncio.sleep(0)

    def _checked_socket(self, info: AddrInfoType) -> socket.socket:
        """A socket for a connection to an allowed address; also one that stands in the URL, which nobody resolves."""
        check(str(info[4][0]))
        return self._socket(info)

    def _socket(self, info: AddrInfoType) -> socket.socket:
        made = socket.socket(info[0], info[1], info[2])
        if hasattr(socket, "TCP_USER_TIMEOUT"):  # a request that was given up is not offered any longer
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(client.TOTAL * 1000))
        self._sockets.add(made)
        return made


@asynccontextmanager
async def connections() -> AsyncIterator[None]:
    """Keep connections open in the block, for all requests of its event loop."""
    loop = asyncio.get_running_loop()
    _open[loop] = Connections()
    try:
        yield
    finally:
        await _open.pop(loop).close()


async def send(method: str, url: str, *, content: bytes = b"", headers: Mapping[str, str] | None = None) -> Answer:
    """Make one request; return the response, NotSent if there was none."""
    if not (opened := _open.get(asyncio.get_running_loop())):
        async with connections():
            return await send(method, url, content=content, headers=headers)
    address, target = _parsed(url)
    if headers and not are_valid(headers):
        raise RequestRefused(RequestRefused.__doc__)
    headers = {**DEFAULT_HEADERS, **(headers or {})}
    started = time.perf_counter()
    try:
        async with asyncio.timeout(client.TOTAL):
            proxy = await opened.proxy_for(address)
            if proxy or len(content) > LARGE:
                response = await _by_session(opened, method, target, headers, content, proxy)
            else:
                response = await opened.exchange.send(method, target, headers, content, MAX_RESPONSE_BYTES)
    except TimeoutError:
        raise Unreachable(timeout_words(address, client.TOTAL)) from None
    except aiohttp.InvalidURL:  # a number that is not written as an address
        raise AddressRefused("Invalid URL. Example: https://example.com/hook.") from None
    except (aiohttp.ClientError, HttpProcessingError, OSError, ValueError) as error:
        words = reached_words(address, _words(error))
        if is_untrusted(error.__cause__ or error):
            raise CertificateUntrusted(words) from None
        raise unreachable(words, error) from None
    return answer_of(response.status, response.retry_after, response.body, started)


@lru_cache(maxsize=4096)
def _parsed(url: str) -> tuple[httpx.URL, URL]:
    address = check_url(url)
    return address, URL(str(address), encoded=True)


async def _by_session(
    opened: Connections, method: str, target: URL, headers: Mapping[str, str], content: bytes, proxy: str | None
) -> Response:
    """A request through a proxy, or with a large body: rare, so that the costs of a session do not matter."""
    session, data = (opened.by_proxy if proxy else opened.direct), BytesIO(content) if len(content) > LARGE else content
    async with session.request(
        method, target, data=data, headers=headers, proxy=proxy, allow_redirects=False
    ) as response:
        return Response(response.status, response.headers.get("Retry-After"), await _bounded(response))


async def _bounded(response: aiohttp.ClientResponse) -> bytes:
    """Return the beginning of the body; the rest of a long one is not read, and its connection is closed."""
    read = bytearray()
    while chunk := await response.content.readany():
        read += chunk
        if len(read) >= MAX_RESPONSE_BYTES:
            response.close()
            break
    return bytes(read[:MAX_RESPONSE_BYTES])


def _words(error: Exception) -> str:
    """What went wrong, without anything of the request or the response, which may be secret."""
    if problem := tls_problem(error.__cause__ or error):
        return problem
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return f"the proxy answered {error.status}"
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return "the server disconnected without sending a response"
    if isinstance(error, aiohttp.ClientPayloadError):
        return "the response was cut off"
    if isinstance(error, aiohttp.ClientResponseError | HttpProcessingError):
        return "its response is not valid HTTP"
    if isinstance(error, OSError):
        return os.strerror(error.errno) if error.errno else error.strerror or type(error).__name__
    return type(error).__name__


class CheckedResolver(AbstractResolver):
    """Gives the allowed addresses of a name."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        return [
            ResolveResult(hostname=host, host=str(address), port=port, family=family, proto=0, flags=0)
            for address in await resolve_async(host, port, CONNECT)
        ]

    async def close(self) -> None:
        """Nothing to close."""


def _session(**options: Any) -> aiohttp.ClientSession:
    """A session without cookies and passwords of a file. Who sends decides how many requests there are at a time."""
    connector = aiohttp.TCPConnector(
        limit=0, use_dns_cache=False, happy_eyeballs_delay=None, keepalive_timeout=KEPT, ssl=_tls(), **options
    )
    return aiohttp.ClientSession(
        connector=connector, cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False,
        skip_auto_headers=["Content-Type"], timeout=TIMEOUT,
    )  # fmt: skip


@lru_cache(maxsize=1)
def _tls() -> Any:
    """The authorities that httpx trusts; reading them takes a while."""
    context = httpx.create_ssl_context()
    context.set_alpn_protocols(["http/1.1"])
    return context
