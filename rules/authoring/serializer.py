"""A rule as REST and files of rules take it: which value each field has, and what makes the rule sound."""

from typing import Any

from rest_framework import serializers

from rules.action_options import clean_config, stored_options
from rules.authoring.fields import FIELD_HELP, REQUIRED_MESSAGES, RULE_FIELD_OF_NAME, RULE_FIELDS, names
from rules.authoring.query_windows import query_window_errors
from rules.authoring.rest_fields import (
    METRIC_SCHEMA,
    WEB,
    ChecksField,
    ConditionsField,
    LabelsField,
    MatchersField,
    NamesField,
    ParameterField,
)
from rules.authoring.validation import Errors, checked_fields, validate
from rules.engine.severities import severity_of
from rules.models import AutomationRule
from rules.permissions import rule_errors
from smartagent.rest.fields import JSONObjectField
from smartagent.rest.serializers import OwnedSerializer


def problems_of(rule: AutomationRule, was: AutomationRule | None, user: Any) -> Errors:
    """The problems with `rule` as `user` would make it of `was`, by field; options are `action_config.title`. Without
    a user (None: the installation itself) nobody is asked for permission."""
    before = checked_fields(was) if was else None
    errors = validate(checked_fields(rule), before)
    errors |= rule_errors(user, rule, before) if user else {}
    errors |= query_window_errors(rule) if not errors else {}
    return {
        name if name.partition(".")[0] in RULE_FIELD_OF_NAME else f"action_config.{name}": errors[name]
        for name in errors
    }


class RuleFieldsSerializer(OwnedSerializer):
    """A rule: a metric, an operator, a threshold, an action; and where it needs them, windows, levels and timing."""

    action_config = JSONObjectField(required=False, help_text=FIELD_HELP["action_config"])
    labels = LabelsField(required=False, help_text=FIELD_HELP["labels"])
    matchers = MatchersField(required=False, help_text=FIELD_HELP["matchers"])
    group_by = NamesField(required=False, help_text=FIELD_HELP["group_by"])
    evaluation_window = ChecksField(required=False, help_text=FIELD_HELP["evaluation_window"])
    reducer_parameter = ParameterField(required=False, allow_null=True, help_text=FIELD_HELP["reducer_parameter"])
    more_conditions = ConditionsField(required=False, help_text=FIELD_HELP["more_conditions"])
    pending_for = ChecksField(required=False, help_text=FIELD_HELP["pending_for"])
    keep_firing_for = ChecksField(required=False, help_text=FIELD_HELP["keep_firing_for"])
    repeat_every = ChecksField(required=False, help_text=FIELD_HELP["repeat_every"])

    class Meta:
        model = AutomationRule
        read_only_fields = [field.name for field in RULE_FIELDS if field.shown and not field.written]
        fields = names(field for field in RULE_FIELDS if field.written or field.shown)
        extra_kwargs: dict[str, Any] = {name: {"help_text": text} for name, text in FIELD_HELP.items()}
        for name, text in REQUIRED_MESSAGES.items():
            extra_kwargs[name]["error_messages"] = {"required": text, "blank": text}
        extra_kwargs["metric_type"]["asks"] = METRIC_SCHEMA
        extra_kwargs["runbook_url"]["asks"] = WEB

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        rule = self.whole(attrs)
        if errors := problems_of(rule, self.instance, self.context["request"].user):
            raise serializers.ValidationError(errors)
        if "action_config" in attrs:
            before = checked_fields(self.instance) if self.instance else None
            attrs["action_config"] = clean_config(rule.action_type, attrs["action_config"], before)
            severity = severity_of(attrs["action_config"])
            if "severity" not in attrs and severity and severity != severity_of(stored_options(before)):
                attrs["severity"] = severity
        return attrs
