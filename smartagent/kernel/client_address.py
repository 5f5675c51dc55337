"""The address that a request comes from."""

from ipaddress import IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest

IPV6_NETWORK = 64  # what one subscriber has


def client_address(request: HttpRequest) -> str:
    """The address of the client, as our outermost proxy has seen it; "" where it is none.

    Each proxy appends to X-Forwarded-For whom it was called by. What stands before the entries of our own proxies
    was written by the client, and may be anything.
    """
    seen = [str(request.META.get("REMOTE_ADDR") or "")]
    if proxies := int(settings.TRUSTED_PROXIES):
        forwarded = str(request.META.get("HTTP_X_FORWARDED_FOR") or "").split(",")
        seen = [each.strip() for each in forwarded if each.strip()][-proxies:] or seen
    return _valid(seen[0])


def network_of(address: str) -> str:
    """What is counted as one address: of IPv6 the /64, in which one subscriber has any number of addresses."""
    if ":" not in address:
        return address
    return str(ip_network((address, IPV6_NETWORK), strict=False))


def _valid(text: str) -> str:
    try:
        address = ip_address(text.strip("[]").partition("%")[0])
    except ValueError:
        return ""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return str(mapped or address)
