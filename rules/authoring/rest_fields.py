"""Fields of a rule by REST: durations also as checks, further conditions, labels."""

import math
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from rules.authoring import labels
from rules.authoring.conditions import CONDITION_FIELDS, MAX_FURTHER, TOO_MANY, stored, window_of
from rules.authoring.series import group_by_problem, typed_labels, typed_matchers
from rules.engine.conditions import Operator, Reducer
from rules.engine.intervals import parse_checks
from rules.engine.label_matchers import MAX_MATCHER_LENGTH, MAX_MATCHERS, read_matchers
from rules.engine.series_choice import MAX_GROUP_LABELS
from rules.engine.series_labels import LABEL_NAME as SERIES_LABEL_NAME
from rules.ingest.samples import MAX_METRIC_NAME, METRIC_NAME
from smartagent.kernel.coerce import as_number
from smartagent.kernel.durations import MAX_DURATION_TEXT, format_duration, parse_duration
from smartagent.rest.fields import DURATION_REGEX, ChoiceField, DurationField, JSONObjectField, NumberField, TextField
from smartagent.rest.serializers import StrictSerializer

DURATION_OR_CHECKS_PATTERN = r"^\s*(0|([0-9]+\s*[wdhmsWDHMS]\s*)+|[0-9]+\s*[cC][hH][eE][cC][kK][sS]?\s*)$"


@extend_schema_field(
    {
        "type": "string",
        "pattern": DURATION_OR_CHECKS_PATTERN,
        "maxLength": MAX_DURATION_TEXT,
        "examples": ["15m", "3 checks"],
    }
)
class ChecksField(DurationField):
    """A duration as `15m` or as `3 checks`; given as `15m`."""

    default_error_messages = {"invalid": 'Enter a duration as text, for example "15m", "3 checks" or "0".'}

    def to_internal_value(self, data: Any) -> timedelta:
        if not isinstance(data, str) or not data.strip():
            self.fail("invalid")
        try:
            return parse_checks(data)
        except ValueError as error:
            raise serializers.ValidationError(str(error)) from error


WEB = {"pattern": r"^[hH][tT][tT][pP][sS]?://\S+$"}
PARAMETER_HELP = "Of a quantile: 0 to 1. Of a predicted value: seconds ahead, or a duration such as 4h. Else null."
METRIC_SCHEMA = {"pattern": f"^{METRIC_NAME.pattern}$"}  # also of every built-in one
LABELS_SCHEMA = {
    "maxProperties": labels.MAX_LABELS,
    "propertyNames": {"pattern": f"^{labels.LABEL_NAME.pattern}$"},
    "additionalProperties": {
        "type": "string", "minLength": 1, "maxLength": labels.MAX_VALUE_LENGTH,
        "pattern": r"^[^,\n\r]*[^,\s][^,\n\r]*$",
    },
}  # fmt: skip


@extend_schema_field({"type": "object", "additionalProperties": {"type": "string"}, "examples": [{"team": "db"}]})
class LabelsField(JSONObjectField):
    """A flat object of text to text."""

    asks = LABELS_SCHEMA


@extend_schema_field(
    {"oneOf": [{"type": "number"}, {"type": "string", "pattern": DURATION_REGEX, "maxLength": MAX_DURATION_TEXT}]}
)
class ParameterField(NumberField):
    """The parameter of an aggregation: a number, or a duration such as `4h`, stored in seconds; given as a number."""

    asks = {}

    def to_internal_value(self, data: Any) -> Decimal:
        if not isinstance(data, str):
            return super().to_internal_value(data)
        try:
            return Decimal(int(parse_duration(data).total_seconds()))
        except ValueError as error:
            raise serializers.ValidationError(str(error)) from error


@extend_schema_field(
    {
        "type": "array",
        "maxItems": MAX_MATCHERS,
        "items": {"type": "string", "maxLength": MAX_MATCHER_LENGTH},
        "examples": [['host=~"web-.*"', 'env!="test"']],
    }
)
class MatchersField(serializers.Field):  # type: ignore[type-arg]
    """Matchers of labels: a list of texts, or one text of several; given as a list."""

    def to_internal_value(self, data: Any) -> list[str]:
        try:
            return typed_matchers(data) if isinstance(data, str) else [str(each) for each in read_matchers(data)]
        except ValueError as error:
            raise serializers.ValidationError(str(error)) from error

    def to_representation(self, value: Any) -> Any:
        return value


@extend_schema_field(
    {
        "type": "array",
        "maxItems": MAX_GROUP_LABELS,
        "uniqueItems": True,
        "items": {"type": "string", "pattern": f"^{SERIES_LABEL_NAME.pattern}$", "maxLength": 200},
        "examples": [["host"]],
    }
)
class NamesField(serializers.Field):  # type: ignore[type-arg]
    """Names of labels, as a list of texts, or one text."""

    def to_internal_value(self, data: Any) -> list[str]:
        names = typed_labels(data) if isinstance(data, str) else data
        if problem := group_by_problem(names, {}):
            raise serializers.ValidationError(problem)
        return list(names)

    def to_representation(self, value: Any) -> Any:
        return value


class ConditionSerializer(StrictSerializer):
    """A further condition of a rule, of the same person."""

    metric = TextField(max_length=MAX_METRIC_NAME, asks=METRIC_SCHEMA)
    target = TextField(
        required=False, allow_blank=True, default="", help_text="An integration, or a target of samples."
    )
    reducer = ChoiceField(
        choices=Reducer.choices,
        required=False,
        default="last",
        help_text="Aggregation over the readings in the window.",
    )
    window = ChecksField(required=False, default=timedelta(0), help_text="5m to 30d; 0 for the latest reading.")
    parameter = ParameterField(required=False, allow_null=True, default=None, help_text=PARAMETER_HELP)
    operator = ChoiceField(choices=Operator.choices)
    threshold = NumberField()

    def to_internal_value(self, data: Any) -> Any:
        """A condition is given whole, also where the rule is changed only in part."""
        given = data if isinstance(data, Mapping) else dict.fromkeys(self.fields)
        missing = [name for name, field in self.fields.items() if field.required and name not in given]
        if missing:
            raise serializers.ValidationError(
                {name: [self.fields[name].error_messages["required"]] for name in missing}
            )
        return super().to_internal_value(data)


class ConditionsField(serializers.ListField):
    """Further conditions, as a rule keeps them. What another program left there is given as far as it can be read."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"child": ConditionSerializer()} | kwargs)
        self.asks = {"maxItems": MAX_FURTHER}

    def to_internal_value(self, data: Any) -> list[dict[str, Any]]:
        if isinstance(data, list) and len(data) > MAX_FURTHER:  # each would be read first
            raise serializers.ValidationError(TOO_MANY.format(len(data)))
        return [stored(condition) for condition in super().to_internal_value(data)]

    def to_representation(self, data: Any) -> list[dict[str, Any]]:
        return [_shown(each) for each in (data if isinstance(data, list) else [data])]


def _shown(condition: Any) -> dict[str, Any]:
    known = condition if isinstance(condition, Mapping) else {}
    window, threshold = window_of(known.get("window")), known.get("threshold")
    number = isinstance(threshold, int | float) and not isinstance(threshold, bool) and math.isfinite(threshold)
    texts = {name: str(known.get(name) or "") for name in ("metric", "target", "reducer", "operator")}
    shown = texts | {
        "window": format_duration(window or timedelta(0)), "threshold": threshold if number else None,
        "parameter": as_number(known.get("parameter")),
    }  # fmt: skip
    return {name: shown[name] for name in CONDITION_FIELDS}
