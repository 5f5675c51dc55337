"""Recurrence rules of iCalendar (RFC 5545), parsed strictly, with messages that name the correct form.

A subset for maintenance windows. UNTIL is not supported: a silence has its own end.
"""

import re
from collections.abc import Callable
from datetime import datetime
from itertools import islice, takewhile

from dateutil.rrule import rrulestr

MAX_WINDOWS = 10_000  # windows of one silence: hourly for a year are 8,784
MAX_RECURRENCE_LENGTH = 500  # characters: each minute of each hour are 240
MAX_POSITIONS = 12  # positions in BYSETPOS; each is searched in every period up to the end of the calendar
WEEKDAY_CODES = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
FREQUENCIES = ("HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY")
RECURRENCE_EXAMPLE = "Example: FREQ=WEEKLY;BYDAY=SA,SU."
WEEKDAY_PATTERN = re.compile(rf"([+-]?[1-9][0-9]?)?({'|'.join(WEEKDAY_CODES)})")
IN_A_MONTH, IN_A_YEAR = 5, 53  # how often a day of the week is there at most
DAYS_OF_MONTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
# The Gregorian calendar repeats after 400 years, including the days of the week.
CYCLE = 400
LAST_YEAR = 9_990


class BadRecurrence(ValueError):
    """The text is not a recurrence rule, or has no occurrence; the message names the correct form."""


def normalize(text: str) -> str:
    """Return the rule in capitals without `RRULE:` and spaces; BadRecurrence where it is invalid."""
    if len(text) > MAX_RECURRENCE_LENGTH:
        raise BadRecurrence(f"A recurrence has at most {MAX_RECURRENCE_LENGTH} characters; this one has {len(text):,}.")
    text = re.sub(r"\s+", "", text).upper().removeprefix("RRULE:").strip(";")
    parts = _parts(text)
    for name, value in parts.items():
        _check_part(name, value)
    _check_together(parts)
    return text


def occurrences(text: str, first: datetime, last: datetime) -> tuple[datetime, ...]:
    """Return the occurrences of `text` from `first` to `last`, all in wall-clock time.

    BadRecurrence where there are more than 10,000.
    """
    # A rule without occurrences is searched up to the year 9999: near the end of the calendar that is fast.
    shift = (LAST_YEAR - last.year) // CYCLE * CYCLE
    try:
        rule = rrulestr(normalize(text), dtstart=_moved(first, shift))
    except BadRecurrence:
        raise
    except ValueError as error:  # for example hours that it never reaches
        raise BadRecurrence(f"The rule never starts a window. {RECURRENCE_EXAMPLE}") from error
    limit = _moved(last, shift)
    found = list(islice(takewhile(lambda moment: moment <= limit, rule), MAX_WINDOWS + 1))
    if len(found) > MAX_WINDOWS:
        raise BadRecurrence(
            f"The recurrence has more than {MAX_WINDOWS:,} windows. End it earlier or make it less frequent."
        )
    return tuple(_moved(moment, -shift) for moment in found)


def _moved(moment: datetime, years: int) -> datetime:
    return moment.replace(year=moment.year + years)


def _parts(text: str) -> dict[str, str]:
    if not text or "=" not in text:
        raise BadRecurrence(f"Invalid recurrence rule. {RECURRENCE_EXAMPLE}")
    parts: dict[str, str] = {}
    for part in text.split(";"):
        name, _, value = part.partition("=")
        if not value:
            raise BadRecurrence(f"“{part[:40]}” has no value. {RECURRENCE_EXAMPLE}")
        if name in parts:
            raise BadRecurrence(f"Duplicate {name[:20]}.")
        parts[name] = value
    return parts


def _check_part(name: str, value: str) -> None:
    if name in ("UNTIL", "DTSTART"):
        raise BadRecurrence(f"Leave out {name}: start and end are separate fields.")
    if name not in RECURRENCE_CHECKS:
        raise BadRecurrence(
            f"“{name[:20]}” is not supported. Supported: {', '.join(RECURRENCE_CHECKS)}. {RECURRENCE_EXAMPLE}"
        )
    expected, is_right = RECURRENCE_CHECKS[name]
    several = name.startswith("BY")
    for single in value.split(",") if several else [value]:
        if not is_right(single):
            raise BadRecurrence(f"{name} must be {expected}, not “{single[:20]}”.")


def _check_together(parts: dict[str, str]) -> None:
    frequency = parts.get("FREQ")
    if frequency is None:
        raise BadRecurrence(f"FREQ is missing. {RECURRENCE_EXAMPLE}")
    if frequency not in ("MONTHLY", "YEARLY"):
        if any(len(day) > len("MO") for day in parts.get("BYDAY", "").split(",")):
            raise BadRecurrence(f"A number before a weekday (2SA) needs FREQ=MONTHLY or YEARLY, not {frequency}.")
        if "BYSETPOS" in parts:
            raise BadRecurrence(f"BYSETPOS needs FREQ=MONTHLY or YEARLY, not {frequency}.")
    latest = IN_A_YEAR if frequency == "YEARLY" and "BYMONTH" not in parts else IN_A_MONTH
    if late := _beyond(parts, latest):
        raise BadRecurrence(f"The number before a weekday is at most {latest} here, so {late} never occurs.")
    if len(parts.get("BYSETPOS", "").split(",")) > MAX_POSITIONS:
        raise BadRecurrence(f"BYSETPOS has at most {MAX_POSITIONS} positions.")
    if "BYSETPOS" in parts and not parts.keys() & {"BYDAY", "BYMONTHDAY"}:
        raise BadRecurrence("BYSETPOS chooses among days: give BYDAY or BYMONTHDAY too.")
    months, days = (_numbers(parts.get(name, "")) for name in ("BYMONTH", "BYMONTHDAY"))
    if months and days and not any(abs(day) <= DAYS_OF_MONTHS[month - 1] for month in months for day in days):
        raise BadRecurrence("This day does not exist in this month, so no window would start.")


def _beyond(parts: dict[str, str], latest: int) -> str:
    """The first entry of BYDAY whose ordinal exceeds `latest`; empty where none does."""
    days = (day for day in parts.get("BYDAY", "").split(",") if len(day) > len("MO"))
    return next((day for day in days if abs(int(day[:-2])) > latest), "")


def _numbers(value: str) -> list[int]:
    return [int(number) for number in value.split(",") if number]


def _between(lowest: int, highest: int) -> Callable[[str], bool]:
    """A validator: a whole number from `lowest` to `highest`, and not 0 where the range has negative numbers."""

    def is_right(value: str) -> bool:
        if not re.fullmatch(r"[+-]?[0-9]{1,4}", value):
            return False
        return lowest <= int(value) <= highest and (lowest >= 0 or int(value) != 0)

    return is_right


RECURRENCE_CHECKS: dict[str, tuple[str, Callable[[str], bool]]] = {
    "FREQ": (f"one of {', '.join(FREQUENCIES)}", FREQUENCIES.__contains__),
    "INTERVAL": ("a whole number from 1 to 999", _between(1, 999)),
    "COUNT": ("a whole number from 1 to 9999", _between(1, 9999)),
    "BYDAY": (f"days of the week, {', '.join(WEEKDAY_CODES)}, with a number before them (2SA, -1FR) in a month",
              lambda value: WEEKDAY_PATTERN.fullmatch(value) is not None),
    "BYMONTHDAY": ("days of the month, 1 to 31, or -1 for the last one", _between(-31, 31)),
    "BYMONTH": ("months, 1 to 12", _between(1, 12)),
    "BYHOUR": ("hours, 0 to 23", _between(0, 23)),
    "BYMINUTE": ("minutes, 0 to 59", _between(0, 59)),
    "BYSETPOS": ("a position, 1 to 366, or -1 for the last one", _between(-366, 366)),
    "WKST": (f"a day of the week, {', '.join(WEEKDAY_CODES)}", WEEKDAY_CODES.__contains__),
}  # fmt: skip
