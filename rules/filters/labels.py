"""A filter by the labels of series."""

from typing import Any

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet

from rules.engine.label_matchers import LabelMatcher, parse_matchers

LABELS_HELP = "Labels of the series, for example host=web-1 or env!=test; several are separated by commas."


class LabelsFormField(forms.CharField):
    """Matchers of labels by = and !=."""

    def clean(self, value: Any) -> list[LabelMatcher]:
        text = super().clean(value)
        try:
            matchers = parse_matchers(text or "")
        except ValueError as error:
            raise ValidationError(str(error), code="invalid") from error
        if any(each.is_regex for each in matchers):
            raise ValidationError(f"Only = and != can be used here. {LABELS_HELP}", code="invalid")
        return matchers


class LabelsFilter(django_filters.CharFilter):  # type: ignore[misc]
    """Filters instances by the labels of their series."""

    field_class = LabelsFormField

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label": "labels", "help_text": LABELS_HELP, "max_length": 1000} | kwargs)

    def filter(self, queryset: QuerySet[Any], value: list[LabelMatcher]) -> QuerySet[Any]:
        for each in value or []:
            agrees = Q(labels__contains={each.label: each.value}) if each.value else ~Q(labels__has_key=each.label)
            queryset = queryset.filter(agrees if each.operator == "=" else ~agrees)
        return queryset
