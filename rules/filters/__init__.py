"""Filters of rules, instances, activity, runs and integrations, the same in the pages and in the API."""

from typing import Any

import django_filters
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from rules import registries
from rules.data_sources.watched import watching
from rules.engine.states import InstanceState
from rules.filters.activity import ActivityFilter as ActivityFilter
from rules.filters.activity import RuleNameFilter as RuleNameFilter
from rules.filters.labels import LabelsFilter
from rules.health.examination import with_finding
from rules.models import AutomationRule, DispatchRun, Integration, MetricQuery, RuleState
from rules.models.rule import Severity
from smartagent.kernel.scope import people_visible_to as people_visible_to
from smartagent.kernel.times import in_utc as in_utc
from smartagent.rest.filter_fields import OneOf, PersonFilter, TimeFilter, TimesFilter
from smartagent.rest.periods import PERIOD_LABELS


class WatchedFilter(PersonFilter):
    """Filters rules by a person whom they watch: by their instances, and an owner's own before the first of them."""

    def about(self, queryset: QuerySet[Any], people: QuerySet[Any]) -> QuerySet[Any]:
        watched = Exists(RuleState.objects.filter(rule=OuterRef("pk"), user__in=people))
        return queryset.filter(watched | Q(applies_to=AutomationRule.AppliesTo.OWNER, user__in=people))


class RuleFilter(TimesFilter):
    times = "last_triggered_at"

    status = OneOf(choices=AutomationRule.Status.choices)
    metric = django_filters.CharFilter(field_name="metric_type", help_text="Metric name.")
    data_source = django_filters.CharFilter(
        label="data source", method="filter_data_source", help_text="Name of the source whose queries the rule watches."
    )
    action = OneOf(field_name="action_type", choices=registries.action_choices)
    severity = OneOf(choices=Severity.choices)
    applies_to = OneOf(label="watches", choices=AutomationRule.AppliesTo.choices)
    person = WatchedFilter()
    owner = PersonFilter(field_name="user")
    label = django_filters.CharFilter(
        label="label", method="filter_label", help_text="Label name, or name:value, for example team:database."
    )
    health = OneOf(
        label="health", choices=registries.health_choices, method="filter_health", help_text="Kind of finding."
    )
    within = OneOf(label="triggered within", choices=PERIOD_LABELS, method="filter_within")
    after = TimeFilter(label="triggered from", method="filter_after")
    before = TimeFilter(label="triggered until", method="filter_before")

    class Meta:
        model = AutomationRule
        fields: list[str] = []

    def filter_data_source(self, queryset: Any, _: str, value: str) -> QuerySet[Any]:
        names = MetricQuery.objects.filter(source__name=value).values_list("name", flat=True)
        return queryset.filter(pk__in=watching(names).order_by().values("pk"))  # type: ignore[no-any-return]

    def filter_label(self, queryset: Any, _: str, value: str) -> QuerySet[Any]:
        name, sign, text = value.partition(":")
        if sign:
            return queryset.filter(labels__contains={name.strip(): text.strip()})  # type: ignore[no-any-return]
        return queryset.filter(labels__has_key=name.strip())  # type: ignore[no-any-return]

    def filter_health(self, queryset: Any, _: str, value: str) -> QuerySet[Any]:
        if self.request is None:
            return queryset  # type: ignore[no-any-return]
        return queryset.filter(with_finding(value, self.request.user, timezone.now()))  # type: ignore[no-any-return]


class StateFilter(TimesFilter):
    times = "since"

    condition = OneOf(
        label="state",
        choices=InstanceState.choices,
        method="filter_condition",
        help_text="Firing: only instances of active rules.",
    )
    handling = OneOf(label="status", choices=RuleState.Handling.choices)
    severity = OneOf(choices=Severity.choices, method="filter_severity", help_text="Severity of the episode.")
    metric = django_filters.CharFilter(field_name="rule__metric_type", help_text="Metric name.")
    rule = RuleNameFilter()
    person = PersonFilter(field_name="user")
    owner = PersonFilter(field_name="rule__user")
    assignee = PersonFilter(field_name="assignee")
    target = django_filters.CharFilter(help_text="An integration, for example gmail.")
    labels = LabelsFilter()

    class Meta:
        model = RuleState
        fields: list[str] = []

    def filter_severity(self, queryset: Any, _: str, value: str) -> QuerySet[Any]:
        return queryset.of_severity(value)  # type: ignore[no-any-return]

    def filter_condition(self, queryset: Any, _: str, value: str) -> QuerySet[Any]:
        if value == InstanceState.FIRING:
            return queryset.firing()  # type: ignore[no-any-return]
        return queryset.filter(condition=value)  # type: ignore[no-any-return]


class RunFilter(TimesFilter):
    times = "started_at"

    trigger = OneOf(choices=DispatchRun.Trigger.choices)
    outcome = OneOf(choices=DispatchRun.Outcome.choices)
    late = OneOf(label="delayed", choices=[("yes", "yes"), ("no", "no")], method="filter_late")
    requested_by = PersonFilter(label="requested by")

    class Meta:
        model = DispatchRun
        fields: list[str] = []

    def filter_late(self, queryset: QuerySet[Any], _: str, value: str) -> QuerySet[Any]:
        return queryset.filter(late_by__isnull=value == "no")


class IntegrationFilter(TimesFilter):
    times = "last_sync_at"

    status = OneOf(choices=Integration.Status.choices)
    type = django_filters.CharFilter(
        field_name="integration_type", lookup_expr="icontains", help_text="Part of the type."
    )
    owner = PersonFilter(field_name="user")
    within = OneOf(label="last sync within", choices=PERIOD_LABELS, method="filter_within")
    after = TimeFilter(label="last sync from", method="filter_after")
    before = TimeFilter(label="last sync until", method="filter_before")

    class Meta:
        model = Integration
        fields: list[str] = []
