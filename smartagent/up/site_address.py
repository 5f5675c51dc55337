"""The address that links in messages begin with, where SITE_URL does not say it: the one that `up` listens on."""

from collections.abc import Sequence

EVERYWHERE = ("0.0.0.0", "::", "")  # noqa: S104 compared, not bound
LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1", "[::1]")


def site_url(host: str, port: int, names: Sequence[str], *, https: bool) -> str:
    """`http://127.0.0.1:8041`; the first of the `names` that people type (ALLOWED_HOSTS), where it listens for others.

    With https the port is that of the proxy before it, which is not ours.
    """
    named = next((name.lstrip(".") for name in names if name not in LOCAL_HOSTS and "*" not in name), "")
    if named:
        return f"https://{named}" if https else _with_port(named, port)
    return _with_port("localhost" if host in EVERYWHERE else host, port)


def is_local(host: str) -> bool:
    """Whether only this machine is reached by it."""
    return host in LOCAL_HOSTS


def _with_port(host: str, port: int) -> str:
    shown = f"[{host}]" if ":" in host and not host.startswith("[") else host
    return f"http://{shown}" if port == 80 else f"http://{shown}:{port}"
