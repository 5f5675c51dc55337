"""The events of configuration changes in the activity log, for RULES_EVENTS."""

import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from django.utils.dateparse import parse_duration

from rules.engine.event_kinds import ANY_CONFIGURATION, EventKind
from rules.models.recorded import CHANGED, CREATED, DELETED
from smartagent.kernel.durations import format_duration
from smartagent.kernel.formats import clock
from smartagent.kernel.times import read_time

DURATION = re.compile(r"P\d+DT\d\dH\d\dM[\d.]+S")  # as DjangoJSONEncoder writes it
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
MAX_SHOWN, MAX_LISTED = 60, 3  # characters of a value, and changes of a sentence


def shown(value: Any) -> str:
    """A value of a change in readable form, in full."""
    if value in (None, "", [], {}):
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ("; " if isinstance(value[0], Mapping) else ", ").join(map(shown, value))
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {shown(each)}" for name, each in value.items())
    return _time_shown(value) if isinstance(value, str) else str(value)


def _time_shown(text: str) -> str:
    """A duration or a time as people write it, in their time zone; another text as it is."""
    if DURATION.fullmatch(text) and (duration := parse_duration(text)) is not None:
        return format_duration(duration)
    if TIME.fullmatch(text):
        with suppress(ValueError):
            return clock(read_time(text))
    return text


def change_in_words(change: Mapping[str, Any]) -> str:
    """One change, such as “threshold 80 → 90”, shortened."""
    label = change.get("label", "?")
    if change.get("secret"):
        return f"{label} changed"
    old, new = (shown(change.get(name)) for name in ("from", "to"))
    return f"{label} {_short(old)} → {_short(new)}"


def _changed(context: Mapping[str, Any]) -> str:
    given = context.get("changes")
    changes = given if isinstance(given, list) else []
    listed = "; ".join(change_in_words(each) for each in changes[:MAX_LISTED] if isinstance(each, Mapping))
    more = f"; and {len(changes) - MAX_LISTED} more" if len(changes) > MAX_LISTED else ""
    return f"{_who(context)} changed {_what(context)}: {listed}{more}."


def _who(context: Mapping[str, Any]) -> str:
    return str(context.get("by_name", "A person"))


def _what(context: Mapping[str, Any]) -> str:
    kind, name = context.get("kind", "object"), context.get("name", "?")
    return f"the {name}" if kind == "preferences" else f"the {kind} “{name}”"


def _short(text: str) -> str:
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"


CONFIGURATION_EVENTS = (
    EventKind(
        kind=CREATED, label="created", sentence=lambda context: f"{_who(context)} created {_what(context)}.",
        configuration=ANY_CONFIGURATION,
    ),
    EventKind(kind=CHANGED, label="changed", sentence=_changed, configuration=ANY_CONFIGURATION),
    EventKind(
        kind=DELETED, label="deleted", sentence=lambda context: f"{_who(context)} deleted {_what(context)}.",
        tone="warning", configuration=ANY_CONFIGURATION,
    ),
)  # fmt: skip
