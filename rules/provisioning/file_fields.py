"""The fields of a rule in a file, in their order: how each is read, and how it is written.

What stands at its default is left out when written, and means the default when read.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from rules.engine.conditions import Match, Operator, Reducer
from rules.engine.severities import severity_of
from rules.models import AutomationRule
from rules.models.rule import Severity
from rules.provisioning import values as v

__all__ = ["BY_ATTRIBUTE", "FILE_FIELDS", "FILE_NAME_OF_ATTRIBUTE", "REQUIRED", "FileField", "default_of", "written"]


@dataclass(frozen=True, slots=True)
class FileField:
    """A field `name` of files, which is the `attribute` of a rule. `schema` describes it for editors."""

    name: str
    attribute: str
    read: Callable[[Any], Any]
    write: Callable[[Any], Any]
    schema: dict[str, Any]


def _text(name: str, attribute: str = "", most: int = 10_000) -> FileField:
    schema = {"type": "string", "maxLength": most}
    return FileField(name, attribute or name, v.text(most), v.as_text, schema)


def _choice(name: str, choices: list[str], attribute: str = "") -> FileField:
    return FileField(name, attribute or name, v.choice(choices), str, {"type": "string", "enum": choices})


def _number(name: str, attribute: str = "") -> FileField:
    return FileField(name, attribute or name, v.number, v.as_number, v.NUMBER_SCHEMA)


def _duration(name: str, attribute: str = "") -> FileField:
    return FileField(name, attribute or name, v.duration, v.as_duration, v.DURATION_SCHEMA)


def _object(name: str, attribute: str = "", inner: Any = None) -> FileField:
    return FileField(name, attribute or name, v.mapping, v.as_mapping, {"type": "object"} | (inner or {}))


STATUS, APPLIES = AutomationRule.Status.values, AutomationRule.AppliesTo.values
NO_DATA_POLICIES = AutomationRule.NoDataPolicy.values
FILE_FIELDS = (
    _text("name", "rule_name"),
    FileField("owner", "user", v.text(254), str, {"type": "string", "description": "E-mail or id of a person."}),
    _text("description"),
    _choice("status", STATUS),
    _choice("severity", Severity.values),
    _object("labels", inner={"additionalProperties": {"type": "string"}}),
    _text("runbook_url", most=2000),
    _choice("applies_to", APPLIES),
    _text("metric", "metric_type", 100),
    _text("target", "target_integration", 200),
    _choice("reducer", Reducer.values),
    _duration("window", "evaluation_window"),
    FileField("operator", "condition_operator", v.operator, str, {"type": "string", "enum": Operator.values}),
    _number("threshold", "threshold_value"),
    _number("critical_threshold"),
    _number("recovery_threshold"),
    FileField("more_conditions", "more_conditions", v.conditions, v.as_conditions, v.CONDITIONS_SCHEMA),
    _choice("match", Match.values),
    _duration("pending_for"),
    _duration("keep_firing_for"),
    _choice("no_data_policy", NO_DATA_POLICIES),
    _choice("error_policy", NO_DATA_POLICIES),
    _text("action", "action_type", 100),
    _object("options", "action_config"),
    _duration("repeat_every"),
)
FILE_FIELD_OF_NAME = {field.name: field for field in FILE_FIELDS}
BY_ATTRIBUTE = {field.attribute: field for field in FILE_FIELDS}
# Other names by which a field may be called: those of the API, and those of Prometheus.
FILE_NAME_OF_ATTRIBUTE = {field.attribute: field.name for field in FILE_FIELDS if field.attribute != field.name} | {
    "for": "pending_for", "runbook": "runbook_url",
}  # fmt: skip
REQUIRED = {
    "name": "Enter a name, for example: Fusion score too low.",
    "metric": "Enter a metric: a built-in metric such as fusion_score, or the name of a pushed metric.",
    "operator": 'Enter an operator, for example operator: ">".',
    "threshold": "Enter a threshold, for example 70.",
    "action": "Enter an action, for example alert.",
}


def default_of(attribute: str) -> Any:
    """What a rule has where a file says nothing."""
    field: Any = AutomationRule._meta.get_field(attribute)
    return field.get_default()


def written(rule: AutomationRule) -> dict[str, Any]:
    """The rule as a file has it: in the order of the fields, without its uid and without what is at its default."""
    found: dict[str, Any] = {}
    for field in FILE_FIELDS:
        value = rule.user.email if field.name == "owner" else getattr(rule, field.attribute)
        if field.name not in REQUIRED and field.name != "owner" and _goes_without_saying(rule, field, value):
            continue
        found[field.name] = field.write(value)
    return found


def _goes_without_saying(rule: AutomationRule, field: FileField, value: Any) -> bool:
    """Whether a file that leaves it out means the same."""
    by_options = severity_of(rule.action_config) if field.name == "severity" else ""
    return value == by_options if by_options else _is_default(field, value)


def _is_default(field: FileField, value: Any) -> bool:
    default = default_of(field.attribute)
    return value == default or (value in (None, "") and default in (None, "")) or (value == timedelta(0) == default)
