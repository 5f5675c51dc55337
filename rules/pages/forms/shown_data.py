"""The data of a form as a browser would send it, compared and put into words field by field."""

from collections.abc import Mapping
from typing import Any

from django import forms

from rules.authoring.conditions import CONDITION_FIELDS
from rules.pages.forms.rule_fields import FILLED_FIELDS, ConditionRows
from smartagent.kernel.coerce import as_uuid

NOTHING = "nothing"


def shown_data(form: forms.BaseForm) -> dict[str, str]:
    """What a browser sends where the form stays as it is shown."""
    data: dict[str, str] = {}
    for bound in form:
        widget = _widget(bound.field)
        value = bound.value()
        if isinstance(widget, ConditionRows):
            data |= widget.as_sent(bound.html_name, value)
        elif isinstance(widget, forms.CheckboxInput):
            data |= {bound.html_name: "on"} if widget.check_test(value) else {}
        else:
            data[bound.html_name] = _sent(widget.format_value(value))
    return data


def values_of(form: forms.BaseForm, data: Mapping[str, Any]) -> dict[str, Any]:
    """The values of the form's fields in `data`, so that equal ones are equal."""
    return {
        name: _plain(field.widget.value_from_datadict(data, {}, form.add_prefix(name)))
        for name, field in form.fields.items()
    }


def omitted_from(form: forms.BaseForm, data: Mapping[str, Any]) -> set[str]:
    """The fields of which `data` says nothing."""
    return {
        name
        for name, field in form.fields.items()
        if field.widget.value_omitted_from_data(data, {}, form.add_prefix(name))
    }


def in_words(field: forms.Field, value: Any) -> str:
    """One of these values as text."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return "\n".join(" ".join(filter(None, (row[name] for name in CONDITION_FIELDS))) for row in value) or NOTHING
    if isinstance(field, forms.ModelChoiceField):
        key = as_uuid(value)
        return str(field.queryset.filter(pk=key).first() or NOTHING) if key and field.queryset is not None else NOTHING
    choices: Any = getattr(field.widget, "choices", ())
    return str(dict(choices).get(value, value) or NOTHING)


def is_of(key: str, name: str) -> bool:
    """Whether the key of sent data belongs to the field `name`; rows of conditions have several."""
    return key == name or key.startswith(f"{name}-")


def _widget(field: forms.Field) -> Any:
    """The widget itself, without the buttons that the admin may put around it."""
    return getattr(field.widget, "widget", field.widget)


def _sent(shown: Any) -> str:
    first = (shown or [""])[0] if isinstance(shown, list) else shown
    return "" if first is None else str(first)


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [row for row in value if any(row.get(part) for part in FILLED_FIELDS)]
    return value if isinstance(value, bool) else "\n".join(str(value or "").strip().splitlines())
