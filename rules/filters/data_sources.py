"""Filters of data sources and metric queries, the same in the lists and in the API."""

from typing import Any

import django_filters
from django.db.models import QuerySet

from rules.data_sources.status import SOURCE_STATE_QUERIES, SOURCE_STATES
from rules.models import DataSource, MetricQuery
from smartagent.rest.filter_fields import OneOf


class DataSourceFilter(django_filters.FilterSet):  # type: ignore[misc]
    name = django_filters.CharFilter(lookup_expr="icontains", help_text="Part of the name.")
    state = OneOf(label="state", choices=SOURCE_STATES, method="filter_state")

    class Meta:
        model = DataSource
        fields: list[str] = []

    def filter_state(self, queryset: QuerySet[Any], _: str, value: str) -> QuerySet[Any]:
        return queryset.filter(SOURCE_STATE_QUERIES[value])


class MetricQueryFilter(django_filters.FilterSet):  # type: ignore[misc]
    name = django_filters.CharFilter(lookup_expr="icontains", help_text="Part of the metric's name.")
    source = django_filters.CharFilter(field_name="source__name", label="data source", help_text="Name of the source.")
    expression = django_filters.CharFilter(lookup_expr="icontains", help_text="Part of the query.")

    class Meta:
        model = MetricQuery
        fields: list[str] = []
