"""The variables of a template: plain values of a message, by name."""

from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from notifications.channels.message import OutgoingMessage, short
from notifications.templating.limits import MAX_LOOP_ROWS
from rules.text.reading import aggregation_in, what_is_read

VARIABLES = {
    "title": "The default title.",
    "text": "The default text.",
    "severity": "low, medium, high or critical.",
    "reason": "Why it is sent: first, still_firing, critical, flapping, escalated, resolved, digest or test.",
    "type": "alert, notify, info, warning, error or success.",
    "rule_name": "The name of the rule.",
    "metric": "What the rule watches, such as cpu_percent.",
    "reading": "What the value is, such as: the average of cpu_percent over 1 hour.",
    "value": "The value of the reading.",
    "operator": "The operator, such as >.",
    "threshold": "The threshold.",
    "target": "The integration, if the rule has one.",
    "person": "The person whose reading it is.",
    "recipient": "The recipient.",
    "time": 'Evaluation time, in the time zone of the recipient; {{ time | date: "%H:%M" }} is hours and minutes only.',
    "labels": "The labels of the series and of the rule: {{ labels.team }}, or "
    "{% for label in labels %}{{ label[0] }}={{ label[1] }} {% endfor %}",
    "runbook_url": "URL of the runbook.",
    "url": "URL of the page with details.",
    "count": "Number of bundled notifications or instances.",
    "items": "The notifications of a digest, each with title, text, severity, rule_name, value, time, url …; of many "
    "instances the first ten, each with value, target and person.",
}  # fmt: skip
MAX_CONTEXT_VALUE = 8000  # characters of one value
OF_METADATA = ("metric", "value", "operator", "threshold", "target")


def facts_of(message: OutgoingMessage) -> dict[str, Any]:
    """The variables of `message`; `items` are those of the messages or instances in it.

    Missing or empty values are None: rendered as nothing, false in {% if %}.
    """
    own = _facts(message)
    items = [_facts(item) for item in message.items[:MAX_LOOP_ROWS]]
    items = items or [own | _of_instance(one, message.labels) for one in _instances(message.facts)[:MAX_LOOP_ROWS]]
    return own | {"items": items or None, "count": len(message.items) or _count(message.facts)}


def _facts(message: OutgoingMessage) -> dict[str, Any]:
    found = {name: _plain(message.facts.get(name)) for name in OF_METADATA}
    texts = {
        "title": message.title, "text": message.text, "severity": message.severity, "reason": message.reason,
        "type": message.type, "rule_name": message.rule_name or message.facts.get("rule_name"), "url": message.url,
        "reading": _reading(message.facts),
        "person": message.facts.get("person_name"), "recipient": message.recipient, "runbook_url": message.runbook_url,
    }  # fmt: skip
    labels = _labels(message.facts, message.labels)
    plain = {name: _plain(value) for name, value in texts.items()}
    return found | plain | {"labels": labels or None, "time": _time(message)}


def _reading(facts: Mapping[str, Any]) -> str | None:
    """What was read, without the target, which is a variable of its own."""
    return what_is_read(aggregation_in(facts), facts["metric"], "", "") if facts.get("metric") else None


def _instances(facts: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    instances = facts.get("instances")
    return [one for one in instances if isinstance(one, Mapping)] if isinstance(instances, list) else []


def _of_instance(instance: Mapping[str, Any], of_rule: Mapping[str, Any] | None) -> dict[str, Any]:
    """The variables that differ between instances of a rule."""
    names = {"value": "value", "target": "target", "person": "person_name"}
    labels = _labels(instance, of_rule or {})
    return {name: _plain(instance.get(key)) for name, key in names.items()} | {"text": None, "labels": labels or None}


def _labels(facts: Mapping[str, Any], of_rule: Mapping[str, Any]) -> dict[str, Any]:
    """Labels of the series, and those of the rule, which come first where both have one of a name."""
    of_series = facts.get("series_labels")
    every = dict(of_series if isinstance(of_series, Mapping) else {}) | dict(of_rule)
    return {str(name): _plain(value) for name, value in islice(every.items(), MAX_LOOP_ROWS)}


def _plain(value: Any) -> str | int | float | bool | None:
    """A number or a text; None for what is missing or empty."""
    if value is None or isinstance(value, bool | int | float):
        return value
    return short(str(value).encode(errors="replace").decode(), MAX_CONTEXT_VALUE) or None


def _time(message: OutgoingMessage) -> datetime:
    try:
        at = datetime.fromisoformat(str(message.facts.get("time")))
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(message.zone)
    except (ValueError, OverflowError):  # it has none, or one that no clock shows
        return message.created_at.astimezone(message.zone)


def _count(facts: Mapping[str, Any]) -> int:
    count = facts.get("count")
    return count if isinstance(count, int) and count > 0 else 1


_ONE = {
    "title": "CPU is high", "text": "cpu_percent is 95: above 90.", "severity": "high", "reason": "first",
    "type": "alert", "rule_name": "CPU is high", "metric": "cpu_percent",
    "reading": "the cpu_percent", "value": 95.5, "operator": ">",
    "threshold": 90, "target": None, "person": "Ada", "recipient": "Ada", "labels": {"team": "database"},
    "time": datetime(2026, 3, 2, 10, 0, tzinfo=UTC), "runbook_url": "https://example.com/cpu",
    "url": "https://example.com/", "items": None, "count": 1,
}  # fmt: skip
_MANY: dict[str, Any] = _ONE | {
    "title": "2 notifications", "text": None, "reason": "digest", "rule_name": None, "value": None, "threshold": None,
    "metric": None, "reading": None, "operator": None, "items": [_ONE, _ONE], "count": 2, "labels": None,
}  # fmt: skip
EXAMPLE_CONTEXTS = (_ONE, _MANY)  # a template that is saved must come through both
