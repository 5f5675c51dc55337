"""The environment's proxy for an address, and the exceptions of NO_PROXY. Pure.

An entry of NO_PROXY is a domain with its subdomains (`example.com`), the subdomains only (`.example.com`,
`*.example.com`), an address, a network (`10.0.0.0/8`), or `*` for all; each may have a port (`host:8080`,
`[::1]:8080`). Lower-case variables take precedence over upper-case ones, even if empty.
"""

import re
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

Address = IPv4Address | IPv6Address
WITH_PORT = re.compile(r"(?P<host>\[[^\]]*\]|[^:]*):(?P<port>\d+)")
PORTS = {"http": 80, "https": 443}


def proxy_of(environment: Mapping[str, str], scheme: str, host: str, port: int | None) -> str:
    """Return the proxy for an address, such as `http://proxy:3128`; empty if it is reached directly."""
    names = (f"{scheme}_proxy", "all_proxy")
    proxy = next((found for name in names if (found := variable(environment, name))), "")
    if not proxy or is_left_out(variable(environment, "no_proxy"), host, port or PORTS.get(scheme, 0)):
        return ""
    return proxy if "://" in proxy else f"http://{proxy}"


def variable(environment: Mapping[str, str], name: str) -> str:
    """Return the value of a variable: the lower-case one if set, else the upper-case one."""
    return environment.get(name, environment.get(name.upper(), "")).strip()


def is_left_out(no_proxy: str, host: str, port: int) -> bool:
    """Whether NO_PROXY excludes this host, or this port of it."""
    name = host.strip("[]").rstrip(".").lower()
    return any(_names(entry, name, port) for entry in re.split(r"[,\s]+", no_proxy.lower()) if entry)


def _names(entry: str, host: str, port: int) -> bool:
    found = WITH_PORT.fullmatch(entry)
    if found:
        entry = found["host"]
        if int(found["port"]) != port:
            return False
    entry = entry.strip("[]").rstrip(".")
    if entry == "*":
        return True
    address = _address(host)
    return _holds(entry, address) if address else _is_below(entry, host)


def _is_below(entry: str, host: str) -> bool:
    if entry.startswith("*."):
        return host.endswith(entry[1:])
    name = entry.lstrip(".")
    return bool(name) and (host == name or host.endswith(f".{name}"))


def _holds(entry: str, address: Address) -> bool:
    try:
        network = ip_network(entry, strict=False)
    except ValueError:
        return False
    return address in network


def _address(host: str) -> Address | None:
    """Return `host` as an address, the IPv4 one if it is mapped into IPv6; None if it is a name."""
    try:
        found = ip_address(host.partition("%")[0])
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found
