"""Times beyond Python's calendar, which other applications may write: they are read as its first or last day."""

from datetime import UTC, datetime, tzinfo
from typing import Any

from django.db.backends.postgresql.psycopg_any import BaseTzLoader
from psycopg import DataError
from psycopg.types.datetime import TimestampLoader

# A day from either end, so that every time zone can show them.
FIRST, LAST = datetime(1, 1, 2), datetime(9999, 12, 30)  # noqa: DTZ001 a zone is added where the column has one


def bounded(data: Any) -> datetime:
    """The end of the calendar that a time lies behind, by its text: `infinity`, `-infinity`, `... BC`."""
    text = bytes(data)
    return FIRST if text.startswith(b"-") or text.endswith(b"BC") else LAST


class BoundedLoader(TimestampLoader):
    """Reads `timestamp`."""

    def load(self, data: Any) -> datetime:
        try:
            return super().load(data)
        except DataError:
            return bounded(data)


def loader_for(zone: tzinfo | None) -> type[Any]:
    """The loader of `timestamptz` for connections of this time zone, as Django makes its own."""

    class BoundedTzLoader(BaseTzLoader):  # type: ignore[misc]
        timezone = zone

        def load(self, data: Any) -> datetime:
            try:
                found: datetime = super().load(data)
            except DataError:
                found = bounded(data).replace(tzinfo=zone or UTC)
            return found

    return BoundedTzLoader


def read_all_times(connection: Any, zone: tzinfo | None) -> None:
    """Let this connection of psycopg read every time that PostgreSQL has."""
    connection.adapters.register_loader("timestamp", BoundedLoader)
    connection.adapters.register_loader("timestamptz", loader_for(zone))
