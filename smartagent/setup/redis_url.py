"""What REDIS_URL may say."""

SCHEMES = ("redis://", "rediss://", "unix://")
CONNECT_SECONDS = 3


def with_timeout(url: str) -> str:
    """The address, with a limit to connecting: ValueError, which does not quote the password, where it is none."""
    if not url.startswith(SCHEMES):
        raise ValueError("REDIS_URL should look like redis://:password@host:6379/0 (rediss:// for TLS).")
    mark = "&" if "?" in url else "?"
    return url if "socket_connect_timeout" in url else f"{url}{mark}socket_connect_timeout={CONNECT_SECONDS}"
