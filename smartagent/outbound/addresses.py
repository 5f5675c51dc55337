"""Which addresses may be reached: public ones, and the networks that OUTBOUND_ALLOWED names."""

import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TookTooLong
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

from django.conf import settings

from smartagent.outbound.errors import AddressRefused, Unreachable

Address = IPv4Address | IPv6Address
NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: the last 32 bits are an IPv4 address
LOOKUPS = 32
_lookups = ThreadPoolExecutor(LOOKUPS, thread_name_prefix="lookup")  # the system's own look-up has no time limit


def is_allowed(address: Address) -> bool:
    """Whether `address` may be reached: it is public, or in a network that the setting allows."""
    inner = _inner(address)
    if any(each in ip_network(network, strict=False) for network in settings.OUTBOUND_ALLOWED for each in inner):
        return True
    return all(each.is_global and not each.is_multicast for each in inner)


def resolve(host: str, port: int, timeout: float) -> list[Address]:
    """The addresses of `host` that may be reached, in the system's order, at least one.

    AddressRefused where it has only others; Unreachable where it has none, or the look-up takes longer than `timeout`
    seconds.
    """
    found = _look_up(host, port, timeout)
    if not (allowed := [address for address in found if is_allowed(address)]):
        raise AddressRefused(
            f"{host} is {found[0]}, an address of a private network, which is not reached. An administrator can allow "
            "it by OUTBOUND_ALLOWED."
        )
    return allowed


def _look_up(host: str, port: int, timeout: float) -> Sequence[Address]:
    try:
        return [ip_address(host.strip("[]"))]
    except ValueError:
        pass
    try:
        found = _lookups.submit(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM).result(max(timeout, 0))
    except TookTooLong:
        raise Unreachable(f"The name {host} could not be looked up in time.") from None
    except (OSError, UnicodeError) as error:
        raise Unreachable(
            f"The name {host} could not be looked up: {getattr(error, 'strerror', '') or error}."
        ) from None
    return [ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]


def _inner(address: Address) -> list[Address]:
    """The address, or the IPv4 addresses that are carried in an IPv6 one: what it stands for is what counts."""
    if isinstance(address, IPv4Address):
        return [address]
    if address.ipv4_mapped:
        return [address.ipv4_mapped]
    if address.sixtofour:
        return [address.sixtofour]
    if address.teredo:
        return [*address.teredo]
    return [IPv4Address(int(address) & 0xFFFFFFFF)] if address in NAT64 else [address]
