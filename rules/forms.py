"""The form of a rule: its own fields, and the options of each action as real fields.

Which options an action has, its own form says. Actions that share a form share the fields; only those of the chosen
action are checked and kept.
"""

import re
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from django import forms
from django.utils.html import format_html, format_html_join
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from rules.configs import clean_config
from rules.models import AutomationRule
from rules.permissions import rule_errors
from rules.registries import actions
from rules.validation import validate
from smartagent.durations import DurationField

CONDITION = ("metric_type", "target_integration", "applies_to", "user", "condition_operator", "threshold_value")
LONG_TEXT = 500
NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
HELP = {
    "rule_name": "What lists and messages call it.",
    "metric_type": "A built-in metric, or the name under which samples are pushed.",
    "user": "Whose rule it is: who is told, and whose reading is compared where the rule watches its owner.",
    "condition_operator": "The rule fires while the reading stands to the threshold like this.",
    "threshold_value": "On the scale of the metric: scores and health are 0 to 100, counts begin at 0.",
    "severity": "How serious it is. Everything that the rule writes carries it.",
    "no_data_policy": "What happens where there is no reading, or only one that is too old.",
    "status": "Only active rules are evaluated.",
    "runbook_url": "A page that says what to do; the rule links to it.",
    "description": "Why the rule is there.",
}
REQUIRED = {
    "rule_name": "Give the rule a name, for example: Fusion score too low.",
    "metric_type": "Say what is watched: a built-in metric such as fusion_score, or the name of a pushed one.",
    "threshold_value": "Give the number that the reading is compared with, for example 70.",
    "action_type": "Choose what is done when the rule fires.",
}

INVALID = {
    "threshold_value": "This is not a number. Write for example 70 or 12.5, with a point.",
    "runbook_url": "This is not the address of a page. Write for example https://example.com/what-to-do.",
}


def option_fields() -> dict[str, forms.Field]:
    """The options of every action as fields `option__<action>__<name>`, marked with the actions that have them."""
    fields: dict[str, forms.Field] = {}
    for first, kinds, form in _shared_forms():
        for name, field in form.base_fields.items():
            fields[f"option__{first}__{name}"] = _dressed(deepcopy(field), name, kinds)
    return fields


def option_names(action_type: str) -> dict[str, str]:
    """The field of each option that `action_type` has."""
    for first, kinds, form in _shared_forms():
        if action_type in kinds:
            return {name: f"option__{first}__{name}" for name in form.base_fields}
    return {}


def _shared_forms() -> list[tuple[str, list[str], type[forms.Form]]]:
    """Each form of options with the actions that have it, and the first of those."""
    kinds: dict[type[forms.Form], list[str]] = {}
    for action in actions:
        kinds.setdefault(action.form, []).append(action.kind)
    return [(names[0], names, form) for form, names in kinds.items()]


def _dressed(field: forms.Field, name: str, kinds: list[str]) -> forms.Field:
    """An option as it looks on our pages; whether it is required, the chosen action's own form says."""
    field.required = False
    field.label = field.label or name.replace("_", " ").capitalize()
    old = field.widget
    if isinstance(field, forms.ChoiceField):
        field.widget = UnfoldAdminSelectWidget(choices=field.choices)
    elif isinstance(field, forms.BooleanField):
        field.widget = UnfoldBooleanWidget()
    elif isinstance(field, forms.CharField) and (field.max_length or 0) > LONG_TEXT:
        field.widget = UnfoldAdminTextareaWidget(attrs={"rows": 3})
    else:
        field.widget = UnfoldAdminTextInputWidget(attrs=old.attrs)
    field.widget.attrs["data-actions"] = " ".join(kinds)
    return field


class RuleForm(forms.ModelForm):  # type: ignore[type-arg]
    """Makes or changes a rule. `maker` is the person who does; the admin class sets it."""

    maker: Any = None
    suggested: str = ""  # a threshold that the health of the rule proposes

    repeat_every = DurationField(
        initial="4h",
        required=False,
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "4h"}),
        help_text="While it fires, act again after this long, for example 30m, 4h or 1d 12h. 0: at every evaluation.",
    )

    class Meta:
        model = AutomationRule
        fields = (
            "rule_name", "metric_type", "target_integration", "applies_to", "user", "condition_operator",
            "threshold_value", "action_type", "severity", "repeat_every", "no_data_policy", "status", "runbook_url",
            "description",
        )  # fmt: skip
        help_texts = HELP

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance._state.adding and not self.instance.user_id:
            self.instance.user = self.maker
        for name, message in REQUIRED.items():
            if name in self.fields:
                self.fields[name].error_messages["required"] = message
        for name, message in INVALID.items():
            if name in self.fields:
                self.fields[name].error_messages["invalid"] = message
        self._explain_actions()
        for name, field in option_names(self.instance.action_type).items():
            if field in self.fields:
                self.initial[field] = (self.instance.action_config or {}).get(name)
        if (threshold := self.initial.get("threshold_value")) is not None:
            self.initial["threshold_value"] = f"{threshold.normalize():f}"
        if self.suggested and NUMBER.fullmatch(self.suggested):
            self.initial["threshold_value"] = self.suggested

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        action = cleaned.get("action_type", "")
        names = option_names(action)
        self._forget_other_options(names)
        given = {name: self.data.get(self.add_prefix(field), "") for name, field in names.items()}
        options = {name: value for name, value in given.items() if value != ""}
        errors = validate(cleaned | {"action_config": options}) | rule_errors(self.maker, self._would_be(cleaned))
        for name, messages in errors.items():
            field = name if name in self.fields else names.get(name)
            if field is None or field not in self.errors:
                self.add_error(field, messages)
        if not self.errors:
            self.instance.action_config = self._unknown_options(action, names) | clean_config(action, options)
        return cleaned

    def condition(self) -> AutomationRule | None:
        """The rule as far as its condition goes, for a preview; None where that has errors."""
        if any(name in self.errors for name in CONDITION):
            return None
        return self._would_be(self.cleaned_data)

    def condition_problems(self) -> list[str]:
        """What is wrong with the condition, apart from what is only not filled in yet."""
        filled = [name for name in CONDITION if name in self.errors and self.data.get(self.add_prefix(name))]
        return [str(message) for name in filled for message in self.errors[name]]

    def _would_be(self, cleaned: Mapping[str, Any]) -> AutomationRule:
        names = (*CONDITION, "no_data_policy")
        fields = {name: cleaned.get(name, getattr(self.instance, name)) for name in names}
        return AutomationRule(action_type="log", rule_name="", **fields)

    def _forget_other_options(self, names: Mapping[str, str]) -> None:
        """What stands in the fields of other actions is not asked for, so it cannot be wrong."""
        for field in self.fields:
            if field.startswith("option__") and field not in names.values():
                self.errors.pop(field, None)

    def _unknown_options(self, action: str, names: Mapping[str, str]) -> dict[str, Any]:
        """What another program keeps beside the options we know is not ours to drop."""
        if self.instance._state.adding or self.initial.get("action_type") != action:
            return {}
        return {name: value for name, value in (self.instance.action_config or {}).items() if name not in names}

    def _explain_actions(self) -> None:
        if "action_type" not in self.fields:
            return
        lines = ((action.kind, action.label, action.help) for action in actions)
        field = self.fields["action_type"]
        field.help_text = format_html(
            "<ul>{}</ul>", format_html_join("", '<li data-actions="{}"><b>{}</b>: {}</li>', lines)
        )
        known = ", ".join(action.kind for action in actions)
        field.error_messages["invalid_choice"] = f"“%(value)s” cannot be chosen as the action. There are: {known}."
