"""Reading of a rule's fields in a file by the serializer of REST, with errors by place within the rule."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from django.db.models import DurationField
from rest_framework import serializers
from rest_framework.settings import api_settings

from rules.authoring.fields import RULE_FIELD_OF_NAME, WRITTEN, names
from rules.authoring.serializer import RuleFieldsSerializer
from rules.engine.conditions import IN_WORDS
from smartagent.kernel.coerce import as_json_number
from smartagent.rest.fields import TextField

Place = tuple[str | int, ...]
NOT_TEXT = "Must be text, in quotes."
# Other signs and words for an operator.
SIGN_OF_OPERATOR = {"==": "=", "≤": "<=", "≥": ">=", "≠": "!=", "<>": "!="} | {
    words: sign for sign, words in IN_WORDS.items()
}
OPERATOR_FIELDS = {"condition_operator", "operator"}
DURATION_FIELDS = {field.name for field in WRITTEN if isinstance(field.column, DurationField)} | {"window"}


class FileRuleSerializer(RuleFieldsSerializer):
    """A rule of a file; texts are not trimmed, the owner is a text, and `LET_BE` fields are validated by the plan.

    An existing rule may keep an invalid value of another program as long as it does not change."""

    user = TextField(required=False, max_length=254)  # type: ignore[assignment]
    action_type = TextField(error_messages=RuleFieldsSerializer.Meta.extra_kwargs["action_type"]["error_messages"])

    class Meta(RuleFieldsSerializer.Meta):
        fields = names(WRITTEN)
        extra_kwargs = RuleFieldsSerializer.Meta.extra_kwargs | {"runbook_url": {"validators": []}}

    def get_fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = super().get_fields()
        for field in fields.values():
            if isinstance(field, TextField):
                field.trim_whitespace = False
                field.error_messages["invalid"] = NOT_TEXT
        return fields

    def read(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return the fields of a rule by name, with defaults; serializers.ValidationError."""
        written = {name: as_body(name, value) for name, value in given.items() if value is not None}
        missing = {name for name, value in written.items() if value == "" and RULE_FIELD_OF_NAME[name].missing}
        read = self.to_internal_value({name: value for name, value in written.items() if name not in missing})
        return {field.name: field.default for field in WRITTEN if field.name != "user"} | dict(read)


def as_body(name: str, value: Any) -> Any:
    """Return a field's value in a file as in a request body of REST."""
    if name in DURATION_FIELDS and value == 0 and not isinstance(value, bool):
        return "0"
    if name in OPERATOR_FIELDS and isinstance(value, str):
        return SIGN_OF_OPERATOR.get(value, value)
    if name == "more_conditions" and isinstance(value, list):
        return [_condition(each) for each in value]
    return _plain(value) if isinstance(value, Mapping | list) else value


def _condition(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    return {name: as_body(name, each) for name, each in value.items() if each is not None}


def _plain(value: Any) -> Any:
    """Return a value with Decimals as JSON numbers."""
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return as_json_number(value) if isinstance(value, Decimal) else value


def errors_of(detail: Any, place: Place = ()) -> Iterator[tuple[str, Place]]:
    """Yield each message of a serializer's error detail with its place."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            yield from errors_of(inner, place if name == api_settings.NON_FIELD_ERRORS_KEY else (*place, name))
    elif isinstance(detail, list):
        for inner in detail:
            yield from errors_of(inner, place)
    else:
        yield str(detail), place


def refused(error: serializers.ValidationError) -> Iterator[tuple[str, Place]]:
    """Yield each message of a serializer's error with its place."""
    return errors_of(error.detail)
