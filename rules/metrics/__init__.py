"""The interface of metric sources: one file per source, one line in RULES_METRICS.

A source returns all readings by one SQL SELECT of (user_id uuid, target text, value double precision, observed_at
timestamptz). `user_id` NULL is a platform-wide reading, used for people without one of their own; `target` '' is the
person as a whole. A person without a row has no data.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class Query:
    """A SELECT and its parameters, with psycopg's %(name)s placeholders."""

    sql: str
    params: dict[str, Any]


class MetricSource:
    """The source of one metric's readings."""

    kind: ClassVar[str]
    label: ClassVar[str]
    help: ClassVar[str] = ""
    unit: ClassVar[str] = ""
    lowest: ClassVar[float | None] = None
    highest: ClassVar[float | None] = None
    max_age: ClassVar[timedelta | None] = None

    def readings(self, now: datetime) -> Query:
        """Return the SELECT of the readings as of `now`, none of them older than `max_age`."""
        raise NotImplementedError(f"{type(self).__name__} must give readings().")

    def oldest(self, now: datetime) -> datetime:
        """Return the time before which a reading is too old to count."""
        return now - self.max_age if self.max_age else datetime.min.replace(year=1970, tzinfo=now.tzinfo)
