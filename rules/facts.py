"""What is read of the facts written with an activity entry. Another program may have written anything there."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.dateparse import parse_datetime

from rules.models import ActivityEntry
from smartagent.numbers import as_number

MOST = 2**31


def facts_of(entry: ActivityEntry) -> Mapping[str, Any]:
    """What was written with `entry`, empty where it is no object."""
    return entry.context if isinstance(entry.context, dict) else {}


def time_of(facts: Mapping[str, Any], name: str) -> datetime | None:
    """A time among the facts, None where it is none or has no zone."""
    try:
        found = parse_datetime(str(facts.get(name) or ""))
    except ValueError:
        return None
    return found if found and found.tzinfo else None


def count_of(facts: Mapping[str, Any], name: str) -> int:
    """A whole number from 0 among the facts, 0 where it is none."""
    found = as_number(facts.get(name))
    return int(found) if found is not None and 0 <= found < MOST else 0
