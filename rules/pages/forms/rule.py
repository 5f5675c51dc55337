"""The form of a rule: its own fields, and the options of each action as form fields.

Only the options of the chosen action are validated and stored.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.forms.utils import ErrorDict
from django.utils.html import format_html, format_html_join

from rules.action_options import clean_config, option_text, other_options
from rules.authoring.fields import FIELD_HELP, FIELD_LABELS, INVALID_MESSAGES, REQUIRED_MESSAGES, WRITTEN, names
from rules.authoring.form_options import offer, option_fields, option_names
from rules.authoring.query_windows import query_window_errors
from rules.authoring.rule_limit import rule_limit_problem
from rules.authoring.validation import checked_fields, validate
from rules.models import AutomationRule
from rules.pages.forms.rule_fields import (
    ChecksFormField,
    ConditionsFormField,
    LabelNamesFormField,
    MatchersFormField,
    ParameterFormField,
    RuleLabelsField,
)
from rules.permissions import rule_errors
from rules.registries import actions
from rules.text.aggregation import shown_parameter

__all__ = ["RuleForm", "option_fields", "option_names"]

# What a preview needs.
CONDITION_SECTION = names(field for field in WRITTEN if field.tried)
NUMBER_FIELDS = ("threshold_value", "critical_threshold", "recovery_threshold")
# Optional in the form; where nothing is chosen or sent, what the rule has stays.
KEPT_FIELDS = (
    "reducer", "match", "error_policy", "evaluation_window", "reducer_parameter", "pending_for", "keep_firing_for",
    "more_conditions", "labels", "series_mode", "matchers", "group_by", "series_aggregate", "critical_threshold",
    "recovery_threshold",
)  # fmt: skip
NUMBER_PATTERN = re.compile(r"-?[0-9]+(\.[0-9]+)?")


class RuleForm(forms.ModelForm):  # type: ignore[type-arg]
    """Creates or edits a rule. `maker` is the person, set by the admin class. With `only_asks` the submitted values are
    shown again, without validation or saving."""

    maker: Any = None
    suggested: str = ""  # a threshold that the health of the rule proposes
    only_asks: bool = False

    evaluation_window = ChecksFormField(
        counts=False,
        label=FIELD_LABELS["evaluation_window"],
        placeholder="1h",
        help_text=FIELD_HELP["evaluation_window"],
    )
    reducer_parameter = ParameterFormField(
        label=FIELD_LABELS["reducer_parameter"], help_text=FIELD_HELP["reducer_parameter"]
    )
    matchers = MatchersFormField(
        label=FIELD_LABELS["matchers"], help_text=FIELD_HELP["matchers"], placeholder='host=~"web-.*"'
    )
    group_by = LabelNamesFormField(
        label=FIELD_LABELS["group_by"], help_text=FIELD_HELP["group_by"], placeholder="host, disk"
    )
    more_conditions = ConditionsFormField(
        required=False,
        label=FIELD_LABELS["more_conditions"],
        help_text=f"{FIELD_HELP['more_conditions']} The chart shows the first condition.",
    )
    pending_for = ChecksFormField(label=FIELD_LABELS["pending_for"], help_text=FIELD_HELP["pending_for"])
    keep_firing_for = ChecksFormField(label=FIELD_LABELS["keep_firing_for"], help_text=FIELD_HELP["keep_firing_for"])
    repeat_every = ChecksFormField(
        counts=False,
        label=FIELD_LABELS["repeat_every"],
        initial="4h",
        placeholder="4h",
        help_text=FIELD_HELP["repeat_every"],
    )
    labels = RuleLabelsField(
        label=FIELD_LABELS["labels"], help_text=f"{FIELD_HELP['labels']} One per line, for example team=db."
    )

    class Meta:
        model = AutomationRule
        fields = names(field for field in WRITTEN if field.in_form)
        help_texts = FIELD_HELP

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance._state.adding and not self.instance.user_id:
            self.instance.user = self.maker
        for kind, messages in (("required", REQUIRED_MESSAGES), ("invalid", INVALID_MESSAGES)):
            for name in messages.keys() & self.fields.keys():
                self.fields[name].error_messages[kind] = messages[name]
        for name in self.fields.keys() & {"reducer", "match", "error_policy", "series_mode", "series_aggregate"}:
            self.fields[name].required = False
        self._config, self._was = self.instance.action_config, str(self.instance.action_type or "")
        self._explain_actions()
        self._leave_drafts_to_their_buttons()
        self._show_stored_values()

    def full_clean(self) -> None:
        if not self.only_asks:
            return super().full_clean()
        self._errors, self.cleaned_data = ErrorDict(), {}
        return None

    def is_valid(self) -> bool:
        return not self.only_asks and super().is_valid()

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for name in KEPT_FIELDS:
            self._keep(cleaned, name)
        action = cleaned.get("action_type", "")
        names = option_names(action)
        self._forget_other_options(names)
        options = self._options(action)
        before = self._before()
        errors = validate(cleaned | {"action_config": options}, before)
        would_be = self._would_be(cleaned)
        errors |= rule_errors(self.maker, would_be, before)
        errors |= query_window_errors(would_be) if not errors else {}
        for name, messages in errors.items():
            own = name.partition(".")[0]
            field = own if own in self.fields else names.get(name)
            if field is None or field not in self.errors:
                self.add_error(field, messages)
        if self.instance._state.adding and (problem := rule_limit_problem(cleaned.get("user") or self.instance.user)):
            self.add_error(None, problem)
        if not self.errors:
            self.instance.action_config = self._stored_or(clean_config(action, options, before))
        return cleaned

    def condition(self) -> AutomationRule | None:
        """The unsaved rule for a preview; None where its fields have errors."""
        if any(name in self.errors for name in CONDITION_SECTION):
            return None
        return self._would_be(self.cleaned_data)

    def condition_problems(self) -> list[str]:
        """The errors of the condition, other than missing values."""
        filled = [
            n for n in CONDITION_SECTION if n in self.errors and (self.data.get(self.add_prefix(n)) or n in KEPT_FIELDS)
        ]
        return [str(message) for name in filled for message in self.errors[name]]

    def _keep(self, cleaned: dict[str, Any], name: str) -> None:
        """Keep the stored value where nothing was chosen or sent."""
        if name not in self.fields or name in self.errors:
            return
        omitted = self.fields[name].widget.value_omitted_from_data(self.data, self.files, self.add_prefix(name))
        if omitted or cleaned.get(name) == "":
            cleaned[name] = getattr(self.instance, name)

    def _before(self) -> dict[str, Any]:
        return {} if self.instance._state.adding else checked_fields(self.instance)

    def _would_be(self, cleaned: Mapping[str, Any]) -> AutomationRule:
        wanted = [name for name in RuleForm.Meta.fields if name not in ("rule_name", "status")]
        fields = {name: cleaned.get(name, getattr(self.instance, name)) for name in wanted}
        action = cleaned.get("action_type") or "log"
        config = clean_config(action, self._options(action), self._before()) if action in actions else {}
        return AutomationRule(**fields | {"rule_name": "", "action_type": action, "action_config": config})

    def _options(self, action: str) -> dict[str, Any]:
        """The options of `action` as submitted, unchanged ones as stored; and options of other programs, which are
        kept."""
        stored = self._stored()
        same_action = self._was == action
        found = other_options(action, stored) if same_action else other_options(self._was, stored)
        for name, field in option_names(action).items():
            given = self.data.get(self.add_prefix(field), "")
            if same_action and name in stored and not self._is_changed(field, given):
                found[name] = stored[name]
            elif given != "":
                found[name] = given
        return found

    def _is_changed(self, field: str, given: Any) -> bool:
        initial = self.initial.get(field)
        known = self.fields.get(field)
        return known.has_changed(initial, given) if known else True

    def _stored(self) -> dict[str, Any]:
        """The stored options of the rule."""
        config = self._config
        return dict(config) if isinstance(config, dict) else {}

    def _stored_or(self, config: dict[str, Any]) -> Any:
        """The stored options where `config` is equal, even where they are stored in another form."""
        return self._config if config == self._config else config

    def _forget_other_options(self, names: Mapping[str, str]) -> None:
        """Skip the validation of the fields of other actions."""
        for field in self.fields:
            if field.startswith("option__") and field not in names.values():
                self.errors.pop(field, None)

    def _show_stored_values(self) -> None:
        """Show the stored options in their fields, and thresholds in readable form."""
        config = self.initial.get("action_config") or self._stored()
        for name, field in option_names(self.initial.get("action_type") or "").items():
            if field in self.fields:
                self.initial[field] = _shown(self.fields[field], config.get(name))
                offer(self.fields[field], config.get(name))
        for name in self.fields.keys() & set(self.data):
            if not isinstance(self.fields[name], forms.ChoiceField):
                offer(self.fields[name], self.data[name])
        for name in NUMBER_FIELDS:
            if isinstance(threshold := self.initial.get(name), Decimal):
                self.initial[name] = f"{threshold.normalize():f}"
        if isinstance(parameter := self.initial.get("reducer_parameter"), Decimal):
            self.initial["reducer_parameter"] = shown_parameter(self.initial.get("reducer"), parameter)
        if self.suggested and NUMBER_PATTERN.fullmatch(self.suggested):
            self.initial["threshold_value"] = self.suggested

    def _leave_drafts_to_their_buttons(self) -> None:
        """The buttons below the form, not a field, decide whether a rule is a draft."""
        if "status" in self.fields:
            field: Any = self.fields["status"]
            field.choices = [choice for choice in field.choices if choice[0] != AutomationRule.Status.DRAFT]

    def _explain_actions(self) -> None:
        if "action_type" not in self.fields:
            return
        lines = ((action.kind, action.label, action.help) for action in actions)
        field = self.fields["action_type"]
        field.help_text = format_html(
            "<ul>{}</ul>", format_html_join("", '<li data-actions="{}"><b>{}</b>: {}</li>', lines)
        )
        known = ", ".join(action.kind for action in actions)
        field.error_messages["invalid_choice"] = f"“%(value)s” is not an available action. Available: {known}."


def _shown(field: Any, value: Any) -> Any:
    """The value as the field shows it; JSON where text is expected and the value is something else."""
    prepared = field.prepare_value(value)
    return option_text(prepared) if isinstance(field, forms.CharField) and isinstance(prepared, dict | list) else value
