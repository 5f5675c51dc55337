"""Recipients as one field of a form: typed as words with commas, kept as a list."""

from typing import Any

from django import forms
from django.urls import reverse_lazy

from notifications.routing.recipients import split

MAX_RECIPIENTS = 50


class RecipientsField(forms.CharField):
    """`ada@example.com, group:operators, channel:Pager`; programs may give a list. On a page `recipients.js` makes it a
    picker."""

    def widget_attrs(self, widget: forms.Widget) -> Any:
        own = {"data-recipients": reverse_lazy("admin:recipients"), "autocomplete": "off"}
        return super().widget_attrs(widget) | own

    def to_python(self, value: Any) -> Any:
        return split(value)

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(split(value)) if isinstance(value, list) else value

    def run_validators(self, value: Any) -> None:
        if len(value) > MAX_RECIPIENTS:
            raise forms.ValidationError(
                f"At most {MAX_RECIPIENTS} recipients are allowed; there are {len(value)}. Use a group instead."
            )

    def has_changed(self, initial: Any, data: Any) -> bool:
        return split(initial) != split(data)
