"""Times that Python cannot hold, such as `infinity`, which other programs write: the last or the first that it can."""

from datetime import UTC, datetime, tzinfo
from functools import lru_cache

from psycopg import DataError
from psycopg.abc import Buffer
from psycopg.adapt import AdaptersMap
from psycopg.types.datetime import TimestampLoader, TimestamptzLoader

# A year away from the ends, so that each can be shown in every time zone.
FIRST, LAST = datetime(2, 1, 1, tzinfo=UTC), datetime(9998, 12, 31, tzinfo=UTC)


def end_of(data: Buffer) -> datetime:
    """The end of the calendar beyond which a time lies, by its text: `infinity`, `-infinity`, `... BC`."""
    text = bytes(data)
    return FIRST if text.startswith(b"-") or text.endswith(b"BC") else LAST


class FarTimestamps(TimestampLoader):
    """Reads `timestamp` without a zone."""

    def load(self, data: Buffer) -> datetime:
        try:
            return super().load(data)
        except DataError:
            return end_of(data).replace(tzinfo=None)


@lru_cache
def with_far_times(adapters: AdaptersMap, zone: tzinfo | None) -> AdaptersMap:
    """The same adapters, which read any time of PostgreSQL."""

    class FarTimes(TimestamptzLoader):
        timezone = zone  # Django asks for it, to know whether its own is needed

        def load(self, data: Buffer) -> datetime:
            try:
                found = super().load(data).replace(tzinfo=zone)
            except DataError:
                return end_of(data).replace(tzinfo=zone)
            if FIRST.year <= found.year <= LAST.year:
                return found
            return (FIRST if found.year < FIRST.year else LAST).replace(tzinfo=zone)

    own = AdaptersMap(adapters)
    own.register_loader("timestamp", FarTimestamps)
    own.register_loader("timestamptz", FarTimes)
    return own
