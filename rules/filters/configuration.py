"""Filters of configuration changes, the same on the page and in the API."""

from typing import Any

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_field

from rules.configuration.listing import kind_names, of_kind
from rules.models import ActivityEntry
from rules.models.activity_facts import ACTOR
from smartagent.rest.filter_fields import OneOf, PersonFilter, TimesFilter


class ActorFilter(PersonFilter):
    """Filters by who made the change."""

    def about(self, queryset: QuerySet[Any], people: QuerySet[Any]) -> QuerySet[Any]:
        keys = [str(key) for key in people.order_by().values_list("pk", flat=True)]
        found: QuerySet[Any] = queryset.alias(actor=ACTOR).filter(actor__in=keys)
        return found


class ConfigurationFilter(TimesFilter):
    kind = OneOf(label="kind", choices=lambda: [(kind, kind) for kind in kind_names()], method="filter_kind")
    name = django_filters.CharFilter(
        field_name="context__name", lookup_expr="icontains", label="name", help_text="Part of the name of the object."
    )
    by = ActorFilter(label="changed by", help_text="Who made the change: name, e-mail or ID.")
    object = django_filters.UUIDFilter(method="filter_object", label="object", help_text="ID of the object.")

    class Meta:
        model = ActivityEntry
        fields: list[str] = []

    def filter_kind(self, queryset: QuerySet[Any], _: str, value: str) -> QuerySet[Any]:
        return queryset.filter(of_kind(value))

    @extend_schema_field({"type": "string", "format": "uuid", "minLength": 36})
    def filter_object(self, queryset: QuerySet[Any], _: str, value: Any) -> QuerySet[Any]:
        return queryset.filter(context__object=str(value))
