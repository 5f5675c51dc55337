"""The filters that a template may use: those that are harmless, with a bound where size or time could grow."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.template import defaultfilters as django
from django.utils import dateformat

from notifications.templating.limits import LONGEST_FORMAT, MOST_PLACES, NotWorded


def add(value: Any, other: Any) -> Any:
    """Two numbers, else two texts."""
    try:
        return int(value) + int(other)
    except (TypeError, ValueError):
        return f"{value}{other}" if isinstance(value, str) or isinstance(other, str) else ""


def join(value: Any, between: str) -> str:
    """The texts of a list."""
    if not isinstance(value, list | tuple):
        raise NotWorded("“join” needs a list.")
    return str(between)[:100].join(str(part) for part in value if isinstance(part, str | int | float))


def floatformat(value: Any, places: Any = -1) -> str:
    """A number with so many places; what is no number of a usual size is not shown."""
    try:
        number, many = float(value), int(str(places).rstrip("gu") or -1)
    except (TypeError, ValueError, OverflowError):
        return ""
    if abs(many) > MOST_PLACES:
        raise NotWorded(f"“floatformat” shows at most {MOST_PLACES} places.")
    return str(django.floatformat(number, places)) if abs(number) < 10**30 else str(number)


def date(value: Any, form: Any = "Y-m-d H:i") -> str:
    """A time by a format, such as H:i."""
    if len(str(form)) > LONGEST_FORMAT:
        raise NotWorded(f"The format of “date” has at most {LONGEST_FORMAT} characters.")
    return str(dateformat.format(value, str(form))) if isinstance(value, datetime) else ""


OWN: tuple[Callable[..., Any], ...] = (add, join, floatformat, date)
DJANGOS = (
    "capfirst", "cut", "default", "default_if_none", "divisibleby", "first", "last", "length", "lower", "pluralize",
    "slice_filter", "slugify", "title", "truncatechars", "truncatewords", "upper", "urlencode", "wordcount", "wordwrap",
    "yesno",
)  # fmt: skip
FILTERS: dict[str, Callable[..., Any]] = {
    **{name.removesuffix("_filter"): getattr(django, name) for name in DJANGOS},
    **{own.__name__: own for own in OWN},
}  # fmt: skip
