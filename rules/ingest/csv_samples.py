"""CSV files of samples, read line by line.

The first line names the columns, in any case and order; other columns are ignored. Times are ISO 8601 (UTC where they
have no zone), or seconds or milliseconds since 1970.
"""

import csv
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any

from rules.ingest.samples import EARLIEST, check_value
from smartagent.kernel.coerce import read_number
from smartagent.kernel.texts import encodable
from smartagent.kernel.times import read_time

TIME_COLUMNS = ("timestamp", "observed_at", "time", "at")
HEADER = "timestamp,value"
# Numbers are times within these bounds (1973 to 2100), so that seconds and milliseconds cannot be taken for each other.
SINCE, UNTIL = 100_000_000, 4_102_444_800


class BadSamples(Exception):
    """The file of samples is invalid."""


def read_lines(stream: IO[str]) -> Iterator[tuple[int, datetime, float]]:
    """Yield (line, time, value) for each sample of an open file; BadSamples names the problem and its line."""
    lines = csv.reader(stream)
    columns = _columns(_next(lines))
    found = False
    while (cells := _next(lines)) is not None:
        if not any(cell.strip() for cell in cells):
            continue  # an empty line, as many files end with one
        found = True
        try:
            yield (lines.line_num, *_read(cells, *columns))
        except ValueError as error:
            raise BadSamples(f"line {lines.line_num}: {error}") from None
    if not found:
        raise BadSamples("it has a header, but no samples.")


def open_samples(path: Path) -> IO[str]:
    """The file as text, without a byte order mark; BadSamples where it cannot be opened."""
    try:
        return path.open(newline="", encoding="utf-8-sig")
    except OSError as error:
        raise BadSamples(f"it cannot be read: {error.strerror}.") from None


def _columns(header: list[str] | None) -> tuple[int, int, int]:
    """The indexes of time and value, and the number of columns."""
    if header is None:
        raise BadSamples(f"it is empty. It should begin with the line {HEADER}.")
    names = [name.strip().lower() for name in header]
    times = [place for place, name in enumerate(names) if name in TIME_COLUMNS]
    if len(times) != 1 or names.count("value") != 1:
        shown = encodable(",".join(header))[:60]
        raise BadSamples(f"the first line is “{shown}”; it should be {HEADER}.")
    return times[0], names.index("value"), len(names)


def _read(cells: list[str], time: int, value: int, count: int) -> tuple[datetime, float]:
    if len(cells) != count:
        raise ValueError(f"there are {len(cells)} columns; there should be {count}, as in the first line.")
    return moment(cells[time]), number(cells[value])


def moment(text: str) -> datetime:
    """The time in a cell, in UTC; ValueError where it is invalid, or before 1900."""
    found = _since_1970(text.strip()) if _is_number(text) else read_time(text, UTC)
    if found < EARLIEST:
        raise ValueError(f"“{text.strip()[:40]}” is before the year 1900.")
    return found


def _since_1970(text: str) -> datetime:
    number = read_number(text)
    for scale in (1, 1000):
        if SINCE <= number / scale <= UNTIL:
            return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=float(number * 1000 / scale))
    raise ValueError(f"“{text[:40]}” is not a time. Example: 2026-03-02 10:00:00, or seconds since 1970.")


def number(text: str) -> float:
    """The number in a cell; ValueError where it is invalid, or not finite."""
    try:
        return check_value(float(read_number(text)))
    except ValueError as error:
        raise ValueError(f"“{encodable(text.strip())[:40]}”: {error}") from None


def _is_number(text: str) -> bool:
    try:
        read_number(text)
    except ValueError:
        return False
    return True


def _next(lines: Any) -> list[str] | None:
    try:
        return next(lines, None)
    except csv.Error as error:
        raise BadSamples(f"line {lines.line_num}: {error}.") from None
    except UnicodeDecodeError:
        raise BadSamples("the file is not UTF-8 text.") from None
    except OSError as error:
        raise BadSamples(f"it cannot be read: {error.strerror}.") from None
