"""The network layer of the client: connections to checked addresses only, with one deadline for a whole request.

httpx limits each read by itself: with that alone, a server that sends one byte every four seconds would never time out.
"""

import ssl
import threading
import time
from collections.abc import Iterable
from typing import Any

import httpcore

from smartagent.outbound.addresses import resolve
from smartagent.outbound.errors import TimedOut

PIECE = 16 * 1024  # bytes that are written at a time
_until = threading.local()


class deadline:  # noqa: N801 a context manager reads like a word
    """Limit everything that this thread sends and reads in the block to `seconds` in all."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def __enter__(self) -> None:
        _until.time = time.monotonic() + self.seconds

    def __exit__(self, *exception: object) -> None:
        _until.time = None


def remaining(timeout: float | None) -> float:
    """Return the seconds left, at most `timeout`; TimedOut if none are left."""
    until = getattr(_until, "time", None)
    left = until - time.monotonic() if until is not None else timeout
    if left is None:
        return 60.0
    if left <= 0:
        raise TimedOut(TimedOut.__doc__)
    return min(left, timeout) if timeout is not None else left


class TimedStream(httpcore.NetworkStream):
    """A connection whose reads and writes keep to the deadline."""

    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self.inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self.inner.read(max_bytes, remaining(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), PIECE):  # each is limited by itself; one that reads slowly has many
            self.inner.write(buffer[start : start + PIECE], remaining(timeout))

    def close(self) -> None:
        self.inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return TimedStream(self.inner.start_tls(ssl_context, server_hostname, remaining(timeout)))

    def get_extra_info(self, info: str) -> Any:
        return self.inner.get_extra_info(info)


class Checked(httpcore.NetworkBackend):
    """Connects to allowed addresses; a name is resolved once, so that it cannot change after the check."""

    def __init__(self) -> None:
        self.inner = httpcore.SyncBackend()

    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:  # fmt: skip
        addresses = resolve(host, port, remaining(timeout))
        for last, address in ((address == addresses[-1], address) for address in addresses):
            try:
                return TimedStream(self.inner.connect_tcp(str(address), port, remaining(timeout), local_address))
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if last:
                    raise
        raise AssertionError("resolve gives at least one address")


class ToProxy(httpcore.NetworkBackend):
    """Connects to the proxy, wherever it is: the administrator has named it."""

    def __init__(self) -> None:
        self.inner = httpcore.SyncBackend()

    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:  # fmt: skip
        return TimedStream(self.inner.connect_tcp(host, port, remaining(timeout), local_address))
