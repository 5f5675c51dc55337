"""Whether an error says that the database is away, for a moment or longer: nothing is wrong with the request."""

from django.db import InterfaceError, OperationalError

# Of PostgreSQL's error codes: no connection; no room for connections, memory or on its disk; a shutdown or a crash.
AWAY_CODES = ("08", "53", "57P")
SECONDS_TO_RETRY = 5
AWAY = "The database does not answer. Try again in a moment."


def is_away(error: BaseException | None) -> bool:
    """Whether this error of the database, which may have none of PostgreSQL's codes, is about reaching it."""
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    code = getattr(error.__cause__, "sqlstate", None)
    return code is None or code.startswith(AWAY_CODES)
