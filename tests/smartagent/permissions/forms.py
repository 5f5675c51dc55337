"""The forms of pages, found in the contexts that their templates are given: what a browser would send."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django import forms
from django.template.backends.django import Template


@contextmanager
def contexts() -> Iterator[list[dict[str, Any]]]:
    """The contexts of templates that are to be rendered in the block; none is."""
    seen: list[dict[str, Any]] = []

    def render(self: Any, context: Any = None, request: Any = None) -> str:
        seen.append(dict(context or {}))
        return ""

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Template, "render", render)
        yield seen


def data_of(seen: list[dict[str, Any]]) -> dict[str, Any]:
    """The fields of all forms in these contexts, with their initial values."""
    return {
        name: value
        for context in seen
        for form in _forms(list(context.values()))
        for bound in form
        if hasattr(bound.field.widget, "template_name")  # else rows that a script adds
        for name, value in _inputs(bound.field.widget.get_context(bound.html_name, bound.value(), {})["widget"])
    }


def _forms(value: Any, depth: int = 0) -> Iterator[forms.BaseForm]:
    if isinstance(value, forms.BaseForm):
        yield value
        parts = [each for each in vars(value).values() if isinstance(each, forms.BaseForm | forms.BaseFormSet)]
        yield from _forms(parts, depth + 1)
    elif isinstance(value, forms.BaseFormSet):
        yield from [value.management_form, *value.forms]
    elif isinstance(getattr(value, "form", None), forms.BaseForm):  # the admin's
        yield from _forms(value.form, depth)
    elif isinstance(value, list | tuple) and depth < 3:
        for each in value:
            yield from _forms(each, depth + 1)


def _inputs(widget: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    if widget.get("subwidgets"):
        for each in widget["subwidgets"]:
            yield from _inputs(each)
    elif widget.get("type") == "checkbox":
        yield widget["name"], "on" if widget["attrs"].get("checked") else ""
    else:
        yield widget["name"], "" if widget["value"] is None else widget["value"]
