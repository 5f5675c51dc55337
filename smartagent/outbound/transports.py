"""Open connections: a transport of httpx for each proxy and each trust, shared by the threads of a process."""

import atexit
import os
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from smartagent.outbound.network import Checked, ToProxy
from smartagent.outbound.tls import Trust

MAX_TRANSPORTS = 64  # that keep their connections open

# By proxy, if any, and trust. The first was used longest ago.
_transports: OrderedDict[tuple[str | None, Trust], "_Transport"] = OrderedDict()
_making = threading.Lock()


@contextmanager
def transport_for(proxy: str | None, trust: Trust) -> Iterator["_Transport"]:
    """A transport without redirects, cookies and netrc passwords, which a client of httpx would use."""
    with _making:
        key = proxy, trust
        if key not in _transports:
            _transports[key] = _Transport(*key)
        found = _transports[key]
        _transports.move_to_end(key)
        found.users += 1
        _close_unused(len(_transports) - MAX_TRANSPORTS)
    try:
        yield found
    finally:
        with _making:
            found.users -= 1


def _close_unused(count: int) -> None:
    """Close and forget at most so many transports that no request is using."""
    for key in [key for key, each in _transports.items() if not each.users][: max(count, 0)]:
        _transports.pop(key).close()


def _forget_inherited() -> None:
    """Drop the parent's open connections in a forked child."""
    global _transports, _making
    _kept.append(_transports)  # to close them would end the parent's
    _transports, _making = OrderedDict(), threading.Lock()


def _close_all() -> None:
    """Close all connections at exit."""
    for transport in _transports.values():
        transport.close()


_kept: list[object] = []
atexit.register(_close_all)
os.register_at_fork(after_in_child=_forget_inherited)


class _Transport(httpx.HTTPTransport):
    """httpx's transport over checked connections."""

    def __init__(self, proxy: str | None, trust: Trust) -> None:
        super().__init__(proxy=proxy, verify=trust.context())
        self.users = 0  # requests that are using it now
        self._pool._network_backend = ToProxy() if proxy else Checked()
