"""Sentences about activity entries, built when they are shown, never stored."""

import re
from collections.abc import Mapping
from typing import Any

from rules.models import ActivityEntry
from rules.registries import actions, events
from rules.text.comparison import TENSES, beyond_range, changed, compared, without_instance, without_reading
from rules.text.context import facts_of, time_of
from rules.text.phrases import begun, limit, metric_name, number, series
from rules.text.reading import aggregation_in, reading_in_words
from rules.text.rule import action_in_words, condition_in_words, rule_in_words
from rules.text.silence import ended_in_words
from smartagent.kernel.formats import clock

__all__ = [
    "action_in_words", "action_of", "condition_in_words", "entry_in_words", "limit", "metric_name", "number",
    "outcome_in_words", "rule_in_words", "series",
]  # fmt: skip

DID = {
    "rule_fired": "{reading}{now}.",
    "rule_repeated": "{reading}{still}.",
    "rule_retried": "{reading}{now}. The previous attempt failed, so it was retried.",
    "rule_resolved": "{reading}{over}.",
    "rule_no_data": "{reading}.",
    "rule_error": "{series} could not be read.",
    "rule_recovered": "{reading}, no longer in error.",
    "rule_pending": "{reading}{now}, pending.",
    "rule_unpending": "{reading}{over}; cleared before firing.",
    "rule_escalated": "{reading}{now}.",
    "rule_recovering": "{reading}{over}, recovering.",
    "rule_relapsed": "{reading}: fired again while recovering.",
    "rule_flapping": "{reading}. Flapping: kept open until readings are stable.",
    "rule_silenced": "{reading}{now}, silenced.",
    "rule_unsilenced": "{reading}{still} after a silence ended.",
    "rule_test": "Test with this reading: {reading}.",
    "rule_reminded": "{reading}{still}. The acknowledgement or snooze has ended.",
}
EXECUTED = re.compile(r"Executed (\w+) action for rule: ")
COMPARED = "{reading}{now}."  # what the old application logs when a rule of it fires
HANDLING_SENTENCES = {
    "instance_acknowledged": "{by} acknowledged the alert{until}.",
    "instance_snoozed": "{by} snoozed the alert{until}.",
    "instance_commented": "{by} commented:",
    "instance_assigned": "{by} assigned the alert to {assignee}.",
    "instance_unassigned": "{by} removed the assignee.",
    "instance_resolved": "{by} resolved the alert.",
    "instance_reopened": "{by} reopened the alert.",
}


def entry_in_words(entry: ActivityEntry, person: str = "") -> str:
    """The sentence of an activity entry: `The fusion score of Alice is 63: below 70.`"""
    return event_in_words(entry.event_type, facts_of(entry), person)


def event_in_words(event: str, context: Mapping[str, Any], person: str = "") -> str:
    """The sentence of an entry with this event and these facts."""
    if event == "silence_ended":
        return ended_in_words(context)
    if event in HANDLING_SENTENCES:
        return _handled(event, context)
    if declared := events.find(event):
        return declared.in_words(context)
    if not context.get("metric"):
        return _legacy(event, context)
    if event not in DID and (context.get("value") is None or context.get("threshold") is None):
        return _legacy(event, context)
    return _compared(event, context, person)


def _compared(event: str, context: Mapping[str, Any], person: str) -> str:
    """The reading and its comparison with the threshold."""
    what, value = (context["metric"], person, context.get("target")), context.get("value")
    watched, beyond = series(*what), beyond_range(context)
    if value is None and (sentence := without_instance(context, watched)):
        return begun(sentence, context["metric"])
    if value is None:
        reading, says = f"{watched} has no {'usable ' if beyond else ''}reading", without_reading
    else:
        reading, says = reading_in_words(aggregation_in(context), *what, value, context.get("threshold")), compared
    pattern = DID.get(event, COMPARED)
    tenses: dict[str, str] = {tense: f": {words}" if (words := says(context, tense)) else "" for tense in TENSES}
    sentence = pattern.format(reading=reading, series=watched, **tenses)
    since = changed(context) if "{over}" in pattern or "{still}" in pattern else ""
    return begun(" ".join(filter(None, [sentence, since, beyond])), context["metric"])


def _handled(event: str, context: Mapping[str, Any]) -> str:
    until = time_of(context, "until")
    sentence = HANDLING_SENTENCES[event].format(
        by=context.get("by_name") or "Somebody", assignee=context.get("assignee") or "somebody",
        until=f" until {clock(until)}" if until else "",
    )  # fmt: skip
    return f"{sentence} {context['comment']}" if context.get("comment") else sentence


def _legacy(event: str, context: Mapping[str, Any]) -> str:
    """The sentence of another program's entry: its own text where it has one, else its event and action."""
    parts = [context.get("message") or context.get("rule_name") or context.get("description")]
    if context.get("metric"):
        parts.append(_read(context))
    name = (event or "").replace("_", " ")
    return " — ".join(str(part) for part in (name[:1].upper() + name[1:], *parts) if part)


def _read(context: Mapping[str, Any]) -> str:
    """An incomplete comparison: `fusion score below 70`, `fusion score 63`."""
    name = metric_name(context["metric"])
    if context.get("threshold") is not None:
        return f"{name} {limit(context.get('operator'), context['threshold'])}"
    return f"{name} {number(context['value'])}" if context.get("value") is not None else name


def action_of(entry: ActivityEntry) -> str:
    """The action that was run, empty where there was none; parsed from the old application's `Executed alert action for
    rule: X`."""
    return action_in(entry.action_taken)


def action_in(taken: str | None) -> str:
    """`action_of` an entry with this text for its action."""
    action = "" if taken in ("", "none", None) else str(taken)
    found = EXECUTED.match(action)
    return found.group(1) if found else action


def outcome_in_words(entry: ActivityEntry) -> str:
    """The result of the action: `alerted`, `optimize pending`, `alert failed: error`."""
    if entry.action_taken in ("", "none", None) and entry.status in ("success", "skipped"):
        return ""  # there was no action
    error = f": {entry.error_message}" if entry.error_message else ""
    return f"{result_of(entry)}{error}"


def result_of(entry: ActivityEntry) -> str:
    """The result in one or two words: `alerted`, `alert failed`, `archive succeeded`."""
    return result_in(entry.action_taken, entry.status)


def result_in(taken: str | None, status: str) -> str:
    """`result_of` an entry with this action and status."""
    action = action_in(taken)
    if status != ActivityEntry.Status.SUCCESS:
        return f"{action} {status}".strip()
    return (actions[action].result if action in actions else "") or f"{action} succeeded".strip()
