"""One request by a connection of aiohttp's pool, without what a session does for each beside it: cookies, redirects,
traces and passwords, which cost more than the request itself. Its bytes are written as they are (RFC 9112).
"""

import asyncio
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

import aiohttp
from aiohttp.connector import Connection
from aiohttp.http import RawResponseMessage
from aiohttp.streams import StreamReader
from yarl import URL

NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, 5.6.2
VALUE = re.compile(r"(?:[!-~](?:[\t -~]*[!-~])?)?")  # RFC 9110, 5.5, in ASCII
NO_BODY = "HEAD"


class Response(NamedTuple):
    """Of an answer: the status, Retry-After, and the beginning of the body."""

    status: int
    retry_after: str | None
    body: bytes


class Exchange:
    """Makes requests by the connections of a connector, each within `sock_connect` seconds of `timeout`."""

    def __init__(self, connector: aiohttp.BaseConnector, timeout: aiohttp.ClientTimeout) -> None:
        self.connector, self.timeout = connector, timeout
        self._loop = asyncio.get_running_loop()
        self._route = lru_cache(maxsize=4096)(self._route_to)

    async def send(self, method: str, url: URL, headers: Mapping[str, str], data: bytes, max_bytes: int) -> Response:
        """Make one request with headers that `are_valid`; the errors are those of aiohttp."""
        connection = await self.connector.connect(self._route(method, url), [], self.timeout)
        try:
            message, content = await _asked(connection, _head(method, url, headers, data) + data, method)
            body = await _bounded(content, max_bytes)
            if content.is_eof():
                connection.release()
        except BaseException:
            connection.close()
            raise
        connection.close()
        return Response(message.code, message.headers.get("Retry-After"), body)

    def _route_to(self, method: str, url: URL) -> aiohttp.ClientRequest:
        """What the connector must know of a request; nothing of it is sent."""
        return aiohttp.ClientRequest(method, url, loop=self._loop)


def are_valid(headers: Mapping[str, str]) -> bool:
    """Whether no header could end before its end, or begin another one."""
    return all(map(NAME.fullmatch, headers)) and all(map(VALUE.fullmatch, headers.values()))


async def _asked(connection: Connection, request: bytes, method: str) -> tuple[RawResponseMessage, StreamReader]:
    protocol, transport = connection.protocol, connection.transport
    if protocol is None or transport is None:
        raise aiohttp.ServerDisconnectedError
    protocol.set_response_params(skip_payload=method == NO_BODY, read_until_eof=True, auto_decompress=False)
    transport.write(request)
    while True:
        message, content = await protocol.read()
        if not 100 <= message.code < 200 or message.code == 101:  # what comes before the response
            return message, content


def _head(method: str, url: URL, headers: Mapping[str, str], data: bytes) -> bytes:
    length = {"Content-Length": str(len(data))} if data or method not in ("GET", NO_BODY) else {}
    lines = "".join(f"{name}: {value}\r\n" for name, value in {**headers, **length}.items())
    return f"{method} {url.raw_path_qs} HTTP/1.1\r\nHost: {url.host_port_subcomponent}\r\n{lines}\r\n".encode("ascii")


async def _bounded(content: StreamReader, max_bytes: int) -> bytes:
    """Return the beginning of the body; the rest of a long one is not read."""
    read = bytearray()
    while len(read) < max_bytes and (chunk := await content.readany()):
        read += chunk
    return bytes(read[:max_bytes])
