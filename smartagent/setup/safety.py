"""What an installation that others can reach must not have: Smart Agent refuses to start with it."""

from collections.abc import Iterator
from typing import Any

LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1", "[::1]"})
SHORTEST_KEY, FEWEST_KEY_CHARACTERS = 50, 5  # as `check --deploy` has them
UNSAFE_PREFIX = "django-insecure-"


def dangers(settings: Any, host: str = "") -> list[str]:
    """Return what is unsafe, each with what to do; nothing where only this machine is reached, by `host` as well."""
    names = {name.lstrip(".") for name in settings.ALLOWED_HOSTS} | ({host} if host else set())
    return list(_dangers(settings)) if names - LOCAL_HOSTS else []


def _dangers(settings: Any) -> Iterator[str]:
    if settings.DEBUG:
        yield "DEBUG is on, so error pages show source code and settings to everybody: set DEBUG=off."
    key = settings.SECRET_KEY
    if len(key) < SHORTEST_KEY or len(set(key)) < FEWEST_KEY_CHARACTERS or key.startswith(UNSAFE_PREFIX):
        yield (
            f"SECRET_KEY can be guessed: set one of at least {SHORTEST_KEY} random characters, with the present one in "
            "SECRET_KEY_FALLBACKS, or leave both out to have one generated."
        )
