"""What a group of Prometheus says beside its rules, and what of it has no counterpart here."""

from collections.abc import Mapping
from typing import Any

from rules.engine.intervals import tick
from rules.prometheus.descriptions import written_text
from rules.prometheus.tokens import seconds_of
from smartagent.kernel.durations import format_duration

GROUP_KEYS = ("name", "rules", "labels", "interval")
# What a field says where it changes nothing.
NEUTRAL_GROUP_VALUES = {"limit": ("0",), "query_offset": ("0", "0s"), "type": ("prometheus",)}
NOTES = {
    "limit": "Its group has limit: {}, so that it fails where more alerts fire; there is no such limit here.",
    "query_offset": "Its group has query_offset: {}, and is evaluated so long ago; readings here are those of now.",
    "type": "Its group has type: {}, so its expressions may be of another language; here they are read as PromQL.",
}


def group_notes(group: Mapping[str, Any]) -> list[str]:
    """What everyone should know of the rules of `group`."""
    notes = _about_the_interval(group.get("interval"))
    for name, value in group.items():
        shown = written_text(value)[:60]
        if name not in GROUP_KEYS and shown not in ("", *NEUTRAL_GROUP_VALUES.get(name, ())):
            notes.append(NOTES.get(name, f"Its group has {name[:60]}: {{}}; skipped.").format(shown))
        elif name not in GROUP_KEYS and not isinstance(value, str | None):
            notes.append(f"Its group has {name[:60]}; skipped.")
    return notes


def _about_the_interval(interval: Any) -> list[str]:
    shown = written_text(interval)
    try:
        seconds = seconds_of(shown) if shown else tick().total_seconds()
    except ValueError:
        return [f"Its interval “{shown[:40]}” cannot be read; rules here are checked every {format_duration(tick())}."]
    if seconds == tick().total_seconds():
        return []
    return [f"Its group is checked every {shown}; rules here are checked every {format_duration(tick())}."]
