"""The labels by which notifications are grouped, as a field: typed with commas; programs may give a list."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from notifications.routing.grouping import labels_in
from rules.engine.series_labels import LABEL_NAME

MAX_LABELS_GROUPED_BY = 10


class GroupingField(forms.CharField):
    """`datacenter, service`, each once."""

    def to_python(self, value: Any) -> str:
        if isinstance(value, list) and not all(isinstance(name, str) for name in value):
            raise ValidationError("Enter names of labels as text, for example datacenter, service.")
        return super().to_python(", ".join(labels_in(value)) if isinstance(value, str | list) else value) or ""

    def validate(self, value: str) -> None:
        super().validate(value)
        names = labels_in(value)
        if wrong := next((name for name in names if not LABEL_NAME.fullmatch(name)), None):
            raise ValidationError(
                f"“{wrong[:40]}” is not the name of a label. Example: datacenter, service. A name starts with a letter "
                "or _ and contains only letters, digits and _."
            )
        if len(names) > MAX_LABELS_GROUPED_BY:
            raise ValidationError(f"At most {MAX_LABELS_GROUPED_BY} labels; these are {len(names)}.")
