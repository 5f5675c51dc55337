"""Allowed addresses: public ones, and those in the networks of OUTBOUND_ALLOWED."""

import asyncio
import os
import socket
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

from django.conf import settings

from smartagent.outbound.errors import AddressRefused, NetworkDown, unreachable

Address = IPv4Address | IPv6Address
# The last 32 bits are an IPv4 address: NAT64 (RFC 6052), translated (RFC 2765), compatible (RFC 4291).
CARRYING = [IPv6Network(network) for network in ("64:ff9b::/96", "::ffff:0:0:0/96", "::/96")]
# Not for the public, which the standard library learns of only later: local NAT64, old site-local, documentation, SIDs.
NOT_PUBLIC = [
    ip_network(network) for network in ("64:ff9b:1::/48", "fec0::/10", "3fff::/20", "5f00::/16", "192.88.99.0/24")
]
LOOKUPS = 32
_lookups = ThreadPoolExecutor(LOOKUPS, thread_name_prefix="lookup")  # the system's own look-up has no time limit
_ours: ContextVar[tuple[str, ...]] = ContextVar("ours", default=())


@contextmanager
def allowing(*networks: str) -> Iterator[None]:
    """Allow these networks as well, in the block and in this thread: for servers that this process started itself."""
    token = _ours.set((*_ours.get(), *networks))
    try:
        yield
    finally:
        _ours.reset(token)


def is_ours(host: str) -> bool:
    """Whether the enclosing `allowing` block allows this address."""
    try:
        address = ip_address(host)
    except ValueError:
        return False
    return any(address in ip_network(network, strict=False) for network in _ours.get())


def is_allowed(address: Address) -> bool:
    """Whether `address` may be reached: it is public, or in an allowed network."""
    networks = [ip_network(network, strict=False) for network in (*settings.OUTBOUND_ALLOWED, *_ours.get())]
    return all(any(each in network for network in networks) or _is_public(each) for each in _inner(address))


def _is_public(address: Address) -> bool:
    return address.is_global and not address.is_multicast and not any(address in network for network in NOT_PUBLIC)


def resolve(host: str, port: int, timeout: float) -> list[Address]:
    """Return the allowed addresses of `host`, in the system's order, at least one.

    AddressRefused if it has only forbidden ones; Unreachable if it has none; NetworkDown if the name server does not
    answer, or the look-up takes longer than `timeout` seconds.
    """
    return _allowed(host, _literal(host) or _look_up(host, port, timeout))


async def resolve_async(host: str, port: int, timeout: float) -> list[Address]:
    """The same, without holding up the event loop."""
    if found := _literal(host):
        return _allowed(host, found)
    looked_up = asyncio.wrap_future(_lookups.submit(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM))
    with _lookup_errors(host):
        return _allowed(host, _addresses(await asyncio.wait_for(looked_up, timeout)))


def check(host: str) -> None:
    """AddressRefused if this address, which is no name, is forbidden."""
    _allowed(host, [ip_address(host)])


def _allowed(host: str, found: Sequence[Address]) -> list[Address]:
    if not (allowed := [address for address in found if is_allowed(address)]):
        raise AddressRefused(
            f"{_named(host, found[0])} an address of a private network, which is not reached. "
            "An administrator can allow it by OUTBOUND_ALLOWED."
        )
    return allowed


def _named(host: str, address: Address) -> str:
    return f"{host} is" if host.strip("[]") == str(address) else f"{host} is {address},"


def _literal(host: str) -> list[Address]:
    """The address that `host` is; empty if it is a name."""
    try:
        return [ip_address(host.strip("[]"))]
    except ValueError:
        return []


def _look_up(host: str, port: int, timeout: float) -> list[Address]:
    looked_up = _lookups.submit(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    with _lookup_errors(host):
        return _addresses(looked_up.result(max(timeout, 0)))


@contextmanager
def _lookup_errors(host: str) -> Iterator[None]:
    try:
        yield
    except TimeoutError:
        raise NetworkDown(f"The name {host} could not be looked up in time.") from None
    except (OSError, UnicodeError) as error:
        words = f"The name {host} could not be looked up: {getattr(error, 'strerror', '') or error}."
        raise unreachable(words, error) from None


def _addresses(found: Sequence[Any]) -> list[Address]:
    """The addresses that `getaddrinfo` has found."""
    return [ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]


def _inner(address: Address) -> list[Address]:
    """Return the IPv4 addresses embedded in an IPv6 address (mapped, 6to4, Teredo, NAT64), else the address itself."""
    if isinstance(address, IPv4Address):
        return [address]
    if address.ipv4_mapped:
        return [address.ipv4_mapped]
    if address.sixtofour:
        return [address.sixtofour]
    if address.teredo:
        return [*address.teredo]
    carries = any(address in network for network in CARRYING) and int(address) > 1  # not :: and ::1
    return [IPv4Address(int(address) & 0xFFFFFFFF)] if carries else [address]


def _forget_inherited() -> None:
    """Replace the look-up threads in a forked child, which does not inherit them."""
    global _lookups  # noqa: PLW0603
    _lookups = ThreadPoolExecutor(LOOKUPS, thread_name_prefix="lookup")


os.register_at_fork(after_in_child=_forget_inherited)
