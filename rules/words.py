"""A rule, and what became of it, in plain sentences: made when they are shown, never stored."""

import math
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from rules.conditions import IN_WORDS
from rules.models import ActivityEntry, AutomationRule
from rules.registries import actions, metrics
from rules.silences.words import ended_in_words
from smartagent.durations import format_duration

DID = {
    "rule_fired": "{reading}: {limit}.",
    "rule_repeated": "{reading}: still {limit}.",
    "rule_retried": "{reading}: {limit}. The last try had failed.",
    "rule_resolved": "{reading}: no longer {limit}.",
    "rule_no_data": "{series} has no reading.",
    "rule_error": "{series} could not be read.",
    "rule_recovered": "{reading}, readable again.",
}


def number(value: Any) -> str:
    """A value as people write it: `70`, `63.5`, `1,234,567`, `0.00002`."""
    if value is None:
        return "no value"
    value = float(value)
    if not math.isfinite(value) or 0 < abs(value) < 0.0001 or abs(value) >= 1e15:
        return f"{value:g}"
    return f"{value:,.4f}".rstrip("0").rstrip(".")


def metric_name(metric: str | None) -> str:
    """A metric in the middle of a sentence: `fusion score`, or the name under which it is pushed."""
    if not metric:
        return "metric"
    return metrics[metric].label.lower() if metric in metrics else metric


def limit(operator: str | None, threshold: Any) -> str:
    """What the reading is compared with: `below 70`."""
    return f"{IN_WORDS.get(operator or '', operator or '?')} {number(threshold)}"


def series(metric: str | None, whose: str, target: str | None) -> str:
    """What is watched: `the fusion score of Alice on gmail`."""
    return f"the {metric_name(metric)}{f' of {whose}' if whose else ''}{f' on {target}' if target else ''}"


def condition_in_words(rule: AutomationRule) -> str:
    """When the rule fires: `the fusion score of Alice is below 70`."""
    whose = "anyone" if rule.applies_to == AutomationRule.AppliesTo.EVERYONE else str(rule.user)
    watched = series(rule.metric_type, whose, rule.target_integration)
    return f"{watched} is {limit(rule.condition_operator, rule.threshold_value)}"


def action_in_words(rule: AutomationRule) -> str:
    """What the rule does: `alert Alice`."""
    if rule.action_type not in actions:
        return f"{rule.action_type} (no such action is installed)"
    action = actions[rule.action_type]
    return (action.phrase or action.label.lower()).format(owner=rule.user)


def rule_in_words(rule: AutomationRule) -> str:
    """The whole rule: `When the fusion score of Alice is below 70, alert Alice, severity high; again every 4h …`."""
    told = f"When {condition_in_words(rule)}, {action_in_words(rule)}, severity {rule.severity}"
    return f"{told}; {_again(rule.repeat_every)} while it lasts.{_without_data(rule)}"


def _again(repeat_every: timedelta) -> str:
    return f"again every {format_duration(repeat_every)}" if repeat_every else "again at every evaluation"


def _without_data(rule: AutomationRule) -> str:
    policy = AutomationRule.NoDataPolicy
    return {
        policy.FIRE.value: " It fires as well when there is no reading.",
        policy.RESOLVE.value: " Without a reading it resolves.",
    }.get(rule.no_data_policy, "")


def entry_in_words(entry: ActivityEntry, person: str = "") -> str:
    """What an activity entry says: `The fusion score of Alice is 63: below 70.`"""
    context: Mapping[str, Any] = entry.context if isinstance(entry.context, dict) else {}
    if entry.event_type == "silence_ended":
        return ended_in_words(context)
    if entry.event_type not in DID or not context.get("metric"):
        return _legacy(entry, context)
    watched = series(context["metric"], person, context.get("target"))
    value = context.get("value")
    reading = f"{watched} is {number(value)}" if value is not None else f"{watched} has no reading"
    told = DID[entry.event_type].format(
        reading=reading, series=watched, limit=limit(context.get("operator"), context.get("threshold"))
    )
    return told[:1].upper() + told[1:]


def _legacy(entry: ActivityEntry, context: Mapping[str, Any]) -> str:
    """What another program wrote: its own words where it left some, else its event and action."""
    said = context.get("message") or context.get("rule_name") or context.get("description")
    event = (entry.event_type or "").replace("_", " ")
    return " — ".join(str(part) for part in (event[:1].upper() + event[1:], said) if part)


def outcome_in_words(entry: ActivityEntry) -> str:
    """What came of the action: `alert: done`, `optimize: waits`, `alert failed: cause`."""
    if entry.action_taken in ("", "none", None) and entry.status in ("success", "skipped"):
        return ""  # nothing was to be done
    done = {"pending": "waits", "success": "done", "failed": "failed", "skipped": "skipped"}
    action = "" if entry.action_taken in ("", "none", None) else str(entry.action_taken)
    status = done.get(entry.status, entry.status)
    cause = f": {entry.error_message}" if entry.error_message else ""
    return f"{action} {status}{cause}".strip()
