"""Samples from a CSV with a column of times and one of values, for backtests without a database."""

import csv
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

TIMES = ("timestamp", "observed_at", "time", "at")


class BadSamples(Exception):
    """The file of samples cannot be read."""


def read_samples(path: Path) -> list[tuple[datetime, float]]:
    """The (time, value) pairs of a file, oldest first; of several at one time the last counts. Times without a zone
    are UTC. BadSamples says what is wrong and in which line."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            found = dict(_rows(csv.DictReader(file)))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadSamples(f"it cannot be read: {error}") from error
    if not found:
        raise BadSamples("it has no samples; it needs a header line `timestamp,value` and lines below it.")
    return sorted(found.items())


def _rows(reader: "csv.DictReader[str]") -> Iterator[tuple[datetime, float]]:
    names = reader.fieldnames or []
    time = next((name for name in TIMES if name in names), None)
    if time is None or "value" not in names:
        raise BadSamples(
            f"the header needs a column `value` and one of {', '.join(TIMES)}; it has: {', '.join(names)}."
        )
    for row in reader:
        try:
            at = datetime.fromisoformat(row[time].strip())
            value = float(row["value"])
        except (AttributeError, TypeError, ValueError):
            raise BadSamples(
                f"line {reader.line_num}: write a time such as 2026-03-02T10:00:00Z and a number, not "
                f"{row.get(time)!r} and {row.get('value')!r}."
            ) from None
        if value - value == 0:  # neither infinite nor NaN, which are no readings
            yield at if at.tzinfo else at.replace(tzinfo=UTC), value
