"""What REDIS_URL may say."""

SCHEMES = ("redis://", "rediss://", "unix://")
CONNECT_SECONDS = 3
ANSWER_SECONDS = 10  # longer than a worker waits for a task: a Redis that says nothing at all is away


def with_timeout(url: str) -> str:
    """The address, with limits to connecting and to answers; ValueError without the password where it is none."""
    if not url.startswith(SCHEMES):
        raise ValueError("REDIS_URL should look like redis://:password@host:6379/0 (rediss:// for TLS).")
    for name, seconds in {"socket_connect_timeout": CONNECT_SECONDS, "socket_timeout": ANSWER_SECONDS}.items():
        if f"{name}=" not in url:
            url += f"{'&' if '?' in url else '?'}{name}={seconds}"
    return url
