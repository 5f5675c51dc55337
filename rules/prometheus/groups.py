"""Settings of a Prometheus rule group, and those without a counterpart here."""

from collections.abc import Mapping
from typing import Any

from rules.engine.intervals import evaluation_interval
from rules.prometheus.descriptions import written_text
from rules.prometheus.durations import seconds_of
from smartagent.kernel.durations import format_duration

GROUP_KEYS = ("name", "rules", "labels", "interval")
# Values of group fields that change nothing.
NEUTRAL_GROUP_VALUES = {"limit": ("0",), "query_offset": ("0", "0s"), "type": ("prometheus",)}
NOTES = {
    "limit": "The group has limit: {}; there is no limit of alerts here.",
    "query_offset": "The group has query_offset: {}; here current readings are used.",
    "type": "The group has type: {}; here expressions are read as PromQL.",
}


def other_language(group: Mapping[str, Any]) -> str:
    """Why the expressions of a group of vmalert are no PromQL; empty where they are."""
    kind = written_text(group.get("type"))
    if kind in ("", "prometheus"):
        return ""
    return f"The group has type: {kind[:60]}; only expressions of Prometheus (type: prometheus) are read."


def group_notes(group: Mapping[str, Any]) -> list[str]:
    """Notes on settings of `group` that are not imported."""
    notes = _about_the_interval(group.get("interval"))
    for name, value in group.items():
        shown = written_text(value)[:60]
        if name not in GROUP_KEYS and shown not in ("", *NEUTRAL_GROUP_VALUES.get(name, ())):
            notes.append(NOTES.get(name, f"The group has {name[:60]}: {{}}; skipped.").format(shown))
        elif name not in GROUP_KEYS and not isinstance(value, str | None):
            notes.append(f"The group has {name[:60]}; skipped.")
    return notes


def _about_the_interval(interval: Any) -> list[str]:
    shown = written_text(interval)
    try:
        seconds = seconds_of(shown) if shown else evaluation_interval().total_seconds()
    except ValueError:
        return [
            f"The group interval “{shown[:40]}” is invalid; "
            f"rules here are evaluated every {format_duration(evaluation_interval())}."
        ]
    if seconds == evaluation_interval().total_seconds():
        return []
    return [
        f"The group is evaluated every {shown}; "
        f"rules here are evaluated every {format_duration(evaluation_interval())}."
    ]
