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

    def agrees(self, label: str, value: str) -> Q:
        """The condition that `label` has this value; an empty one is that of a label that is not there."""
        return Q(labels__contains={label: value}) if value else ~Q(labels__has_key=label)

    def filter(self, queryset: QuerySet[Any], value: list[LabelMatcher]) -> QuerySet[Any]:
        for each in value or []:
            agrees = self.agrees(each.label, each.value)
            queryset = queryset.filter(agrees if each.operator == "=" else ~agrees)
        return queryset


class EntryLabelsFilter(LabelsFilter):
    """Filters entries of the activity log by the labels of the series that they are about."""

    def agrees(self, label: str, value: str) -> Q:
        labelled = Q(context__has_key="labels")
        with_value = Q(context__labels__contains={label: value}) if value else Q(context__labels__has_key=label)
        return labelled & with_value if value else ~(labelled & with_value)
