"""The events of configuration changes in the activity log, for RULES_EVENTS."""

import re
from collections.abc import Mapping
from typing import Any

from django.utils.dateparse import parse_duration

from rules.engine.event_kinds import ANY_CONFIGURATION, EventKind
from rules.models.recorded import CHANGED, CREATED, DELETED
from smartagent.kernel.durations import format_duration

DURATION = re.compile(r"P\d+DT\d\dH\d\dM[\d.]+S")  # as DjangoJSONEncoder writes it
MAX_SHOWN, MAX_LISTED = 60, 3  # characters of a value, and changes of a sentence


def shown(value: Any) -> str:
    """A value of a change in readable form, in full."""
    if value in (None, "", [], {}):
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return ", ".join(value)
    if isinstance(value, str) and DURATION.fullmatch(value) and (duration := parse_duration(value)) is not None:
        return format_duration(duration)
    return str(value)


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
