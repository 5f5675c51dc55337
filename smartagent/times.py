"""Times as people and programs write them, in UTC: no zone, year or offset leads past the years 1 to 9999."""

import re
from datetime import UTC, datetime, tzinfo

LONGEST_TEXT = 60
EXAMPLE = "2026-03-02T10:00:00Z"
FRACTION = re.compile(r"(\.\d{6})\d+")


def read_time(text: object, zone: tzinfo | None = None) -> datetime:
    """Return the time that an ISO 8601 text says, in UTC; ValueError where it says none. One that names no zone is in
    `zone`, or an error where that is None."""
    if not isinstance(text, str) or len(text) > LONGEST_TEXT:
        raise ValueError(f"This is not a time. Write for example {EXAMPLE}.")
    try:
        found = datetime.fromisoformat(FRACTION.sub(r"\1", text.strip()))
    except ValueError:
        raise ValueError(f"“{printable(text)[:40]}” is not a time. Write for example {EXAMPLE}.") from None
    if found.tzinfo is None:
        if zone is None:
            raise ValueError(f"Name the zone too, for example {EXAMPLE}.")
        found = found.replace(tzinfo=zone)
    return in_utc(found)


def in_utc(time: datetime) -> datetime:
    """Return `time` in UTC, for PostgreSQL reads no offset of 16 hours; ValueError where UTC has no such year."""
    try:
        return time.astimezone(UTC)
    except OverflowError:
        raise ValueError("This time is outside the years 1 to 9999. Write for example " + EXAMPLE + ".") from None


def printable(text: str) -> str:
    """`text` as any answer can quote it: half of a surrogate pair, NUL and other control characters as a sign."""
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in text)
