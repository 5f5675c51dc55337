"""The options of each action as real fields of the form of a rule.

Which options an action has, its own form says. Actions that share a form share the fields.
"""

from copy import deepcopy
from typing import Any

from django import forms
from django.utils.html import format_html
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from rules.action_options import EMPTY_VALUES
from rules.actions import OptionChoices
from rules.registries import actions

LONG_TEXT = 500


def option_fields(maker: Any = None) -> dict[str, forms.Field]:
    """The options of every action as fields `option__<action>__<name>`, marked with the actions that have them; with
    the lists that `maker` chooses from."""
    fields: dict[str, forms.Field] = {}
    for first, kinds, form in _shared_forms():
        lists = actions[first].choices(maker) if maker else {}
        for name, field in form.base_fields.items():
            fields[f"option__{first}__{name}"] = _dressed(deepcopy(field), name, kinds, lists.get(name))
    return fields


def offer(field: forms.Field, value: Any) -> None:
    """Keep a choice that is not in the list (any more): another program has stored it, or its object was deleted."""
    widget = field.widget
    if not isinstance(widget, forms.Select) or value in EMPTY_VALUES:
        return
    known: Any = list(widget.choices)
    if str(value) in {str(key) for key, _ in known}:
        return
    if isinstance(field, forms.ChoiceField):
        field.choices = [*known, (str(value), f"{value} (unknown)")]
    else:
        widget.choices = [*known, (str(value), f"{value} (missing)")]


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


def _dressed(field: forms.Field, name: str, kinds: list[str], listed: OptionChoices | None) -> forms.Field:
    """An option as it looks on our pages; whether it is required, the chosen action's own form says."""
    field.required = False
    field.label = field.label or name.replace("_", " ").capitalize()
    old = field.widget
    if listed is not None:  # a name that is not in the list is refused by the action, with the reason
        field.widget = UnfoldAdminSelectWidget(choices=listed.choices)
        field.help_text = format_html("{} {}", field.help_text, listed.help)
    elif isinstance(field, forms.ChoiceField):
        field.widget = UnfoldAdminSelectWidget(choices=field.choices)
    elif isinstance(field, forms.BooleanField):
        field.widget = UnfoldBooleanWidget()
    elif isinstance(field, forms.CharField) and (field.max_length or 0) > LONG_TEXT:
        field.widget = UnfoldAdminTextareaWidget(attrs={"rows": 3})
    else:
        field.widget = UnfoldAdminTextInputWidget(attrs=old.attrs)
    field.widget.attrs["data-actions"] = " ".join(kinds)
    return field
