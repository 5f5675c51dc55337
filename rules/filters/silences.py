"""Filters of silences, the same in the list and in the API."""

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils import timezone

from rules.filters import RuleNameFilter
from rules.models import Silence
from rules.silences.phrases import state_of
from smartagent.rest.filter_fields import OneOf, PersonFilter

SILENCE_STATE_CHOICES = [("current", "active or upcoming"), ("on", "active"), ("coming", "upcoming"), ("over", "ended")]


class SilenceFilter(django_filters.FilterSet):  # type: ignore[misc]
    state = OneOf(label="state", choices=SILENCE_STATE_CHOICES, method="filter_state")
    repeats = OneOf(label="repeats", choices=[("no", "once"), ("yes", "recurring")], method="filter_repeats")
    rule = RuleNameFilter()
    metric = django_filters.CharFilter(help_text="Metric name, for example fusion_score.")
    person = PersonFilter(help_text="Person whose readings are silenced: name, e-mail or ID.")
    owner = PersonFilter(field_name="user", help_text="Person whose rules are silenced: name, e-mail or ID.")
    made_by = PersonFilter(field_name="created_by", label="created by")

    class Meta:
        model = Silence
        fields: list[str] = []

    def filter_state(self, queryset: Any, _: str, value: str) -> QuerySet[Any]:
        """A recurrence is no matter for SQL; those that are not over are few."""
        now = timezone.now()
        standing = {silence.pk: state_of(silence, now) for silence in queryset.standing(now)}
        current = [key for key, state in standing.items() if state != "over"]
        if value == "over":
            return queryset.exclude(pk__in=current)  # type: ignore[no-any-return]
        wanted = [key for key in current if value in ("current", standing[key])]
        return queryset.filter(pk__in=wanted)  # type: ignore[no-any-return]

    def filter_repeats(self, queryset: QuerySet[Any], _: str, value: str) -> QuerySet[Any]:
        return queryset.filter(recurrence="") if value == "no" else queryset.exclude(recurrence="")
