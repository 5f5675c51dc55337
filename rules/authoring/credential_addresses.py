"""The addresses that receive an integration's credentials: changing one requires entering the credentials again."""

from typing import Any

# The guard of the table keeps the same ones from clients of the old application.
ADDRESSES = ("health_url", "probe_url", "refresh_url", "token_url", "token_auth_method")


def changed_addresses(before: Any, after: Any) -> list[str]:
    """Return the names of the addresses that differ between two settings, of any JSON."""
    old, new = (each if isinstance(each, dict) else {} for each in (before, after))
    return [name for name in ADDRESSES if old.get(name) != new.get(name)]


def refusal(names: list[str]) -> str:
    """Why these addresses cannot be changed."""
    shown = ", ".join(names)
    return f"The stored credentials are used with {shown}. Enter the credentials again, or remove them, to change it."
