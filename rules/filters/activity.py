"""Filters of the activity log."""

from typing import Any

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet

from rules import registries
from rules.filters.labels import EntryLabelsFilter
from rules.models import ActivityEntry, AutomationRule
from rules.models.rule import Severity
from rules.search.conditions import EVERY_ENTRY, condition_of
from rules.search.fields import of_metric, of_severity, of_target
from rules.search.query import SearchError, parse
from rules.text.event_names import event_choices
from smartagent.kernel.coerce import as_uuid
from smartagent.rest.filter_fields import OneOf, PersonFilter, TimesFilter, asker_of

MAX_SEARCH_LENGTH = 500
SEARCH_HELP = (
    "Words, and terms as field:value: person, owner, by, rule, metric, target, severity, event, result, action, text, "
    "after, before, within, run. Values with spaces in quotes; a minus sign excludes. All words must match; of the "
    "values of one field, one."
)


class SearchFormField(forms.CharField):
    """A search as the condition that it means for `asker`, who searches `among` some entries."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.asker: Any = None
        self.among = EVERY_ENTRY
        super().__init__(*args, **{"max_length": MAX_SEARCH_LENGTH} | kwargs)

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        try:
            return condition_of(parse(text), self.asker, self.among) if text else None
        except SearchError as error:
            raise ValidationError(str(error), code="invalid") from None


class SearchFilter(django_filters.CharFilter):  # type: ignore[misc]
    """Filters by words and by `field:value` terms."""

    field_class = SearchFormField

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label": "search", "help_text": SEARCH_HELP} | kwargs)

    @property
    def field(self) -> Any:
        field = super().field
        field.asker, field.among = asker_of(self), self.parent.among
        return field

    def filter(self, queryset: QuerySet[Any], value: Any) -> QuerySet[Any]:
        return queryset.filter(value) if value else queryset


class RuleNameFilter(django_filters.CharFilter):  # type: ignore[misc]
    """Filters by a rule: part of its name where the asker may see it, or its id."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"field_name": "rule", "help_text": "Part of the name, or ID."} | kwargs)

    def filter(self, queryset: QuerySet[Any], value: str) -> QuerySet[Any]:
        if not value:
            return queryset
        if rule := as_uuid(value):
            return queryset.filter(rule_id=rule)
        asker, rules = asker_of(self), AutomationRule.objects.filter(rule_name__icontains=value)
        return queryset.filter(rule__in=rules.visible_to(asker) if asker else rules)


class SubjectFilter(PersonFilter):
    """Filters entries by the person whom they are about."""

    def about(self, queryset: Any, people: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.about(people)  # type: ignore[no-any-return]


class ActivityFilter(TimesFilter):
    among: Q = EVERY_ENTRY  # the entries in which words are looked up, where not all are wanted

    search = SearchFilter()
    status = OneOf(choices=ActivityEntry.Status.choices)
    event = OneOf(
        label="event",
        choices=lambda: [("triggered", "fired or repeated"), *event_choices()],
        method="filter_event",
        help_text="triggered: rule_fired or rule_repeated.",
    )
    action = OneOf(field_name="action_taken", choices=registries.action_choices)
    metric = django_filters.CharFilter(label="metric", method="filter_metric", help_text="Metric name.")
    target = django_filters.CharFilter(
        label="integration or series", method="filter_target", help_text="For example gmail."
    )
    severity = OneOf(label="severity", choices=Severity.choices, method="filter_severity")
    rule = RuleNameFilter()
    origin = OneOf(
        label="written by",
        choices=[("smart_agent", "Smart Agent"), ("other", "another application")],
        method="filter_origin",
        help_text="other: entries that another application wrote to the same table.",
    )
    labels = EntryLabelsFilter()
    person = SubjectFilter()
    owner = PersonFilter(field_name="user")
    run = django_filters.UUIDFilter(
        field_name="run_id", error_messages={"invalid": "Invalid run ID."}, help_text="Run ID."
    )

    class Meta:
        model = ActivityEntry
        fields: list[str] = []

    def filter_metric(self, queryset: QuerySet[Any], _: str, value: str) -> QuerySet[Any]:
        return queryset.filter(of_metric([value]))

    def filter_target(self, queryset: QuerySet[Any], _: str, value: str) -> QuerySet[Any]:
        return queryset.filter(of_target([value]))

    def filter_severity(self, queryset: QuerySet[Any], _: str, value: str) -> QuerySet[Any]:
        return queryset.filter(of_severity(value))

    def filter_origin(self, queryset: Any, _: str, value: str) -> QuerySet[Any]:
        return queryset.ours() if value == "smart_agent" else queryset.of_others()  # type: ignore[no-any-return]

    def filter_event(self, queryset: Any, _: str, value: str) -> QuerySet[Any]:
        if value == "triggered":
            return queryset.triggered()  # type: ignore[no-any-return]
        return queryset.filter(event_type=value)  # type: ignore[no-any-return]
