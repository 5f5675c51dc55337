"""The context of an activity entry, read defensively: other programs may have written anything there."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.dateparse import parse_datetime

from rules.models import ActivityEntry
from smartagent.kernel.coerce import as_number

MAX_INTEGER = 2**31


# What the old application calls what a rule has compared.
METRIC, TARGET = "metric_type", "target_integration"
CONTEXT_NUMBERS = {"value": "metric_value", "threshold": "threshold_value"}
OPERATOR = "condition_operator"


def facts_of(entry: ActivityEntry) -> Mapping[str, Any]:
    """The context of `entry`, empty where it is not an object; keys of the old application are translated."""
    return facts_in(entry.context)


def facts_in(context: Any) -> Mapping[str, Any]:
    """`facts_of` an entry with this context."""
    found = context if isinstance(context, dict) else {}
    return found if found.get("metric") else _translated(found) | found


def _translated(found: Mapping[str, Any]) -> dict[str, Any]:
    """The readable facts of the old application; its numbers may be texts."""
    if not isinstance(found.get(METRIC), str) or not found[METRIC]:
        return {}
    texts = {"metric": found[METRIC], "target": found.get(TARGET), "operator": found.get(OPERATOR)}
    numbers = {name: as_number(found.get(theirs)) for name, theirs in CONTEXT_NUMBERS.items()}
    return {name: text for name, text in texts.items() if isinstance(text, str) and text} | {
        name: value for name, value in numbers.items() if value is not None
    }


def time_of(facts: Mapping[str, Any], name: str) -> datetime | None:
    """The fact as a time; None where it is invalid or has no time zone."""
    try:
        found = parse_datetime(str(facts.get(name) or ""))
    except ValueError:
        return None
    return found if found and found.tzinfo else None


def count_of(facts: Mapping[str, Any], name: str) -> int:
    """The fact as a whole number from 0; 0 where it is none."""
    found = as_number(facts.get(name))
    return int(found) if found is not None and 0 <= found < MAX_INTEGER else 0
