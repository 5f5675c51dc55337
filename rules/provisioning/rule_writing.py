"""Writing of a rule for a file: fields in a fixed order and form, without defaults."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from rules.authoring.conditions import CONDITION_FIELDS, window_of
from rules.authoring.fields import WRITTEN, RuleField
from rules.engine.conditions import Reducer
from rules.engine.severities import severity_of
from rules.models import AutomationRule
from smartagent.kernel.coerce import read_number
from smartagent.kernel.durations import format_duration


def written(rule: AutomationRule) -> dict[str, Any]:
    """Return the rule's fields as in a file, without uid and defaults."""
    found: dict[str, Any] = {}
    for field in WRITTEN:
        if field.name == "user":
            found[field.file_name] = rule.user.email
        elif field.missing or not _goes_without_saying(rule, field):
            found[field.file_name] = file_value(field, getattr(rule, field.name))
    return found


def file_value(field: RuleField, value: Any) -> Any:
    """Return a field's value as in a file."""
    if field.name == "more_conditions":
        return [_condition(each) for each in value] if isinstance(value, list) else value
    if isinstance(value, timedelta):
        return format_duration(value)
    if isinstance(value, Mapping):
        return _by_name(value)
    if isinstance(value, int | float | Decimal):
        return _number(value)
    return str(value) if isinstance(value, str) else value


def _goes_without_saying(rule: AutomationRule, field: RuleField) -> bool:
    """Whether a file without the field means the same."""
    value, default = getattr(rule, field.name), field.default
    by_options = severity_of(rule.action_config) if field.name == "severity" else ""
    if by_options:
        return bool(value == by_options)
    return value == default or (value in (None, "") and default in (None, ""))


def _number(value: Any) -> Any:
    """Return an exact number in one canonical form; one that is not finite unchanged."""
    try:
        text = f"{read_number(value):f}"
    except ValueError:
        return float(value)
    return Decimal(text.rstrip("0").rstrip(".") if "." in text else text)


def _by_name(value: Any) -> Any:
    """Sort objects by name, recursively."""
    return {name: _by_name(value[name]) for name in sorted(value)} if isinstance(value, Mapping) else value


def _condition(value: Any) -> Any:
    """Return a further condition as in a file; one that another program left malformed unchanged."""
    window = window_of(value.get("window")) if isinstance(value, Mapping) else None
    if window is None or not value.keys() <= set(CONDITION_FIELDS):
        return value
    given = {name: value[name] for name in CONDITION_FIELDS if value.get(name) not in (None, "")}
    if given.get("reducer") == Reducer.LAST:
        del given["reducer"]
    given.pop("window", None)
    if window:
        given["window"] = format_duration(window)
    return {name: given[name] for name in CONDITION_FIELDS if name in given}
