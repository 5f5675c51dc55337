"""The entries of the log of reads, for RULES_EVENTS."""

from collections.abc import Mapping
from typing import Any

from rules.engine.event_kinds import EventKind
from smartagent.kernel.formats import clock, counted
from smartagent.kernel.reads import RECORDS_READ
from smartagent.kernel.times import read_time


def _number(value: Any, noun: str, many: str = "") -> str:
    return counted(value, noun, many) if isinstance(value, int) else f"? {many or noun}"


def _filters(context: Mapping[str, Any]) -> str:
    filters = context.get("filters")
    if not isinstance(filters, dict) or not filters:
        return ""
    return " with " + ", ".join(f"{name}={value}" for name, value in filters.items())


def _read(context: Mapping[str, Any]) -> str:
    whose = context.get("person_name") or _number(context.get("people_count"), "person", "people")
    kinds, further = context.get("kinds"), context.get("further")
    listed = ", ".join(f"{kind}: {count}" for kind, count in kinds.items()) if isinstance(kinds, dict) else ""
    what = f"{_number(context.get('records'), 'record')} of {whose} at {context['page']}{_filters(context)}"
    again = f", {_number(further, 'more time')} until {_until(context)}" if further else ""
    return f"{context['by_name']} read {what}{again}." + (f" {listed.capitalize()}." if listed else "")


def _until(context: Mapping[str, Any]) -> str:
    try:
        return clock(read_time(context.get("until")))
    except ValueError:
        return "?"


READ_EVENTS = (EventKind(kind=RECORDS_READ, label="records read", sentence=_read, tone="info"),)
