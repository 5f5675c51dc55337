"""The filters of templates: harmless ones, with limits where size or time could grow.

Most are python-liquid's. Text filters only get texts, number filters only numbers; anything else renders as nothing.
"""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import quote_plus

from liquid.builtin.filters import math, misc, string
from liquid.exceptions import FilterArgumentError
from liquid.filter import with_context

from notifications.templating.humanized import (
    humanize,
    humanize1024,
    humanize_duration,
    humanize_percentage,
    humanize_timestamp,
)
from notifications.templating.limits import MAX_OUTPUT_LENGTH, LimitedContext, NotWorded, steps_of

MAX_DATE_FORMAT = 50
MAX_NUMBER = 10**30
PRINTF_PART = re.compile(r"%(-?\d{0,2}(?:\.\d{1,2})?)([sdvfge])|%%")
FORMAT_PART = re.compile(r"%(?:-?[aAbBcdfHIjmMpSUwWxXyYzZ]|%)|[^%]")  # no widths: %99999Y would fill the memory
Function = Callable[..., Any]


def shown(value: Any) -> str:
    """A value as text; what is missing is nothing, and a whole number has no .0."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer() and abs(value) < 10**15:
        return str(int(value))
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if value is None or isinstance(value, str | int | float):
        return "" if value is None else str(value)
    raise NotWorded("Use {% for %} to show a list.")


def number(value: Any) -> int | float | None:
    """A number of a usual size, also one that is written as a text; None for all else."""
    try:
        found = value if isinstance(value, int | float) else float(value)
    except (TypeError, ValueError):
        return None
    return found if abs(found) < MAX_NUMBER else None


def append(value: str, other: str) -> str:
    """Concatenate two texts."""
    return value + other


def replace(value: str, old: str, new: str = "") -> str:
    """Replace each `old` in a text."""
    if not old:
        return value
    if len(value) + value.count(old) * len(new) > MAX_OUTPUT_LENGTH:
        raise NotWorded("A value in the template becomes too long.")
    return value.replace(old, new)


def divided_by(value: float, other: float) -> float:
    """The exact quotient, also of whole numbers: readings are decimals."""
    return value / other


def date(value: Any, form: Any = "%Y-%m-%d %H:%M") -> str:
    """A time by a format, such as %H:%M."""
    form = shown(form)
    if len(form) > MAX_DATE_FORMAT or FORMAT_PART.sub("", form) or "%" not in form:
        raise NotWorded(f"The format of “date” has at most {MAX_DATE_FORMAT} characters and parts such as %H:%M.")
    return f"{value:{form}}" if isinstance(value, datetime) else ""


def default(value: Any, other: Any = "") -> Any:
    """`other` where the value is missing, empty or false; not where it is 0."""
    return misc.default(value, other)


def printf(form: Any, *values: Any) -> str:
    """Values by a format of Go, such as %.2f and %s; what does not fit its place is shown as it is."""
    given = list(values)

    def part(found: "re.Match[str]") -> str:
        if found[0] == "%%":
            return "%"
        value = given.pop(0) if given else None
        if found[2] in "sv" or (known := number(value)) is None:
            return f"%{found[1]}s" % shown(value)
        return f"%{found[1]}{found[2]}" % (int(known) if found[2] == "d" else known)

    return PRINTF_PART.sub(part, shown(form))


def size(value: Any) -> int:
    """The number of characters or rows."""
    return len(value) if isinstance(value, str | list | tuple | dict) else 0


def first(rows: Any) -> Any:
    """The first row of a list."""
    return rows[0] if isinstance(rows, list | tuple) and rows else None


def last(rows: Any) -> Any:
    """The last row of a list."""
    return rows[-1] if isinstance(rows, list | tuple) and rows else None


def join(rows: Any, between: Any = " ") -> str:
    """The texts of a list."""
    texts, between = [shown(row) for row in _rows("join", rows)], shown(between)
    if sum(map(len, texts)) + len(between) * len(texts) > MAX_OUTPUT_LENGTH * 2:
        raise NotWorded("A value in the template becomes too long.")
    return str(between).join(texts)


def pick(rows: Any, key: Any) -> list[Any]:
    """The value of `key` in each row of a list."""
    return [row.get(shown(key)) for row in _rows("map", rows) if isinstance(row, dict)]


def where(rows: Any, key: Any, value: Any) -> list[Any]:
    """The rows that have this value."""
    return [row for row in _rows("where", rows) if isinstance(row, dict) and shown(row.get(shown(key))) == shown(value)]


def _rows(name: str, rows: Any) -> list[Any]:
    if not isinstance(rows, list | tuple | None):
        raise NotWorded(f"“{name}” needs a list.")
    return list(rows or ())


def _of_texts(function: Function) -> Function:
    return lambda value, *given: function(shown(value), *map(shown, given))


def _of_text(function: Function) -> Function:
    return lambda value, *given: function(shown(value), *given)


def _of_numbers(function: Function) -> Function:
    def changed(value: Any, *given: Any) -> Any:
        found, *others = map(number, (value, *given))
        if found is None:
            return shown(value) if isinstance(value, int | float) else None
        return value if None in others else function(found, *others)

    return changed


def _limited(name: str, function: Function) -> Function:
    """Wrap a filter: its work is counted, and its result is limited."""

    def changed(value: Any, *given: Any, context: LimitedContext) -> Any:
        context.work.charge(sum(map(steps_of, (value, *given))))
        try:
            found = function(value, *given)
        except (TypeError, FilterArgumentError):
            raise NotWorded(f"“{name}” does not take these values.") from None
        if isinstance(found, str) and len(found) > MAX_OUTPUT_LENGTH:
            raise NotWorded("A value in the template becomes too long.")
        return found

    return with_context(changed)


FILTER_KINDS: dict[Function, dict[str, Function]] = {
    _of_texts: {
        "append": append, "capitalize": string.capitalize, "downcase": string.downcase, "prepend": string.prepend,
        "remove": string.remove, "replace": replace, "strip": string.strip, "upcase": string.upcase,
        "url_encode": quote_plus,
    },
    _of_text: {"slice": string.slice_, "truncate": string.truncate, "truncatewords": string.truncatewords},
    _of_numbers: {
        "abs": math.abs_, "ceil": math.ceil, "divided_by": divided_by, "floor": math.floor, "minus": math.minus,
        "modulo": math.modulo, "plus": math.plus, "round": math.round_, "times": math.times,
        "humanize": humanize, "humanize1024": humanize1024, "humanize_duration": humanize_duration,
        "humanize_percentage": humanize_percentage, "humanize_timestamp": humanize_timestamp,
    },
    lambda function: function: {
        "date": date, "default": default, "first": first, "join": join, "last": last, "map": pick, "printf": printf,
        "size": size,
        "where": where,
    },
}  # fmt: skip
FILTERS = {name: _limited(name, kind(one)) for kind, named in FILTER_KINDS.items() for name, one in named.items()}
