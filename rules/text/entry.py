"""A rule, and what became of it, in plain sentences: made when they are shown, never stored."""

import re
from collections.abc import Mapping
from typing import Any

from rules.models import ActivityEntry
from rules.registries import events
from rules.text.context import facts_of, time_of
from rules.text.phrases import begun, limit, metric_name, number, series
from rules.text.rule import action_in_words, condition_in_words, rule_in_words
from rules.text.silence import ended_in_words
from smartagent.kernel.phrasing import clock

__all__ = [
    "action_in_words", "action_of", "condition_in_words", "entry_in_words", "limit", "metric_name", "number",
    "outcome_in_words", "rule_in_words", "series",
]  # fmt: skip

DID = {
    "rule_fired": "{reading}: {limit}.",
    "rule_repeated": "{reading}: still {limit}.",
    "rule_retried": "{reading}: {limit}. The last try had failed.",
    "rule_resolved": "{reading}: no longer {limit}.",
    "rule_no_data": "{series} has no reading.",
    "rule_error": "{series} could not be read.",
    "rule_recovered": "{reading}, readable again.",
    "rule_pending": "{reading}: {limit}, not yet for long enough.",
    "rule_unpending": "{reading}: no longer {limit}, before it fired.",
    "rule_escalated": "{reading}: past the critical threshold.",
    "rule_recovering": "{reading}: no longer {limit}, kept open for a while.",
    "rule_relapsed": "{reading}: it fell back before it had resolved.",
    "rule_flapping": "{reading}. It changes all the time, so it is held open until it has calmed down.",
    "rule_silenced": "{reading}: {limit}, and silenced from now on.",
    "rule_unsilenced": "{reading}: still {limit} at the end of a silence.",
    "rule_test": "Tried out as if {reading}.",
    "rule_reminded": "{reading}: still {limit}. The time for which it was acknowledged or snoozed is over.",
}
EXECUTED = re.compile(r"Executed (\w+) action for rule: ")
COMPARED = "{reading}: {limit}."  # what the old application logs when a rule of it fires
HANDLED = {
    "instance_acknowledged": "{by} acknowledged it{until}.",
    "instance_snoozed": "{by} snoozed it{until}.",
    "instance_commented": "{by} wrote:",
    "instance_assigned": "{by} asked {assignee} to look after it.",
    "instance_unassigned": "{by} took the name of who looks after it away.",
    "instance_resolved": "{by} resolved it by hand.",
    "instance_reopened": "{by} opened it again.",
}


def entry_in_words(entry: ActivityEntry, person: str = "") -> str:
    """What an activity entry says: `The fusion score of Alice is 63: below 70.`"""
    context = facts_of(entry)
    if entry.event_type == "silence_ended":
        return ended_in_words(context)
    if entry.event_type in HANDLED:
        return _handled(entry, context)
    if declared := events.find(entry.event_type):
        return declared.in_words(context)
    if not context.get("metric"):
        return _legacy(entry, context)
    if entry.event_type not in DID and (context.get("value") is None or context.get("threshold") is None):
        return _legacy(entry, context)
    watched = series(context["metric"], person, context.get("target"))
    value = context.get("value")
    reading = (
        f"{watched} is {number(value, context.get('threshold'))}" if value is not None else f"{watched} has no reading"
    )
    told = DID.get(entry.event_type, COMPARED).format(
        reading=reading, series=watched, limit=limit(context.get("operator"), context.get("threshold"), value)
    )
    return begun(told, context["metric"])


def _handled(entry: ActivityEntry, context: Mapping[str, Any]) -> str:
    until = time_of(context, "until")
    told = HANDLED[entry.event_type].format(
        by=context.get("by_name") or "Somebody", assignee=context.get("assignee") or "somebody",
        until=f" until {clock(until)}" if until else "",
    )  # fmt: skip
    return f"{told} {context['comment']}" if context.get("comment") else told


def _legacy(entry: ActivityEntry, context: Mapping[str, Any]) -> str:
    """What another program wrote: its own words where it left some, else its event and action."""
    said = [context.get("message") or context.get("rule_name") or context.get("description")]
    if context.get("metric"):
        said.append(_read(context))
    event = (entry.event_type or "").replace("_", " ")
    return " — ".join(str(part) for part in (event[:1].upper() + event[1:], *said) if part)


def _read(context: Mapping[str, Any]) -> str:
    """What is known of a comparison of which a part is missing: `fusion score below 70`, `fusion score 63`."""
    name = metric_name(context["metric"])
    if context.get("threshold") is not None:
        return f"{name} {limit(context.get('operator'), context['threshold'])}"
    return f"{name} {number(context['value'])}" if context.get("value") is not None else name


def action_of(entry: ActivityEntry) -> str:
    """The action that was run, empty where there was none: of the old application's `Executed alert action for rule: X`
    the alert."""
    action = "" if entry.action_taken in ("", "none", None) else str(entry.action_taken)
    found = EXECUTED.match(action)
    return found.group(1) if found else action


def outcome_in_words(entry: ActivityEntry) -> str:
    """What came of the action: `alert: done`, `optimize: waits`, `alert failed: cause`."""
    if entry.action_taken in ("", "none", None) and entry.status in ("success", "skipped"):
        return ""  # nothing was to be done
    done = {"pending": "waits", "success": "done", "failed": "failed", "skipped": "skipped"}
    action = action_of(entry)
    status = done.get(entry.status, entry.status)
    cause = f": {entry.error_message}" if entry.error_message else ""
    return f"{action} {status}{cause}".strip()
