"""Filters of rules, instances, activity, runs and integrations, the same in the pages and in the API."""

from typing import Any

import django_filters
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from rules import registries
from rules.engine.states import InstanceState
from rules.health.examination import with_finding
from rules.models import ActivityEntry, AutomationRule, DispatchRun, Integration, RuleState
from rules.models.rule import Severity
from rules.text.event_names import event_choices
from smartagent.kernel.coerce import as_uuid
from smartagent.kernel.scope import people_visible_to as people_visible_to
from smartagent.kernel.times import in_utc as in_utc
from smartagent.rest.filter_fields import WITHIN_LABELS, OneOf, PersonFilter, TimeFilter, TimesFilter, asker_of


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


class WatchedFilter(PersonFilter):
    """Filters rules by a person whom they watch: by their instances, and an owner's own before the first of them."""

    def about(self, queryset: QuerySet[Any], people: QuerySet[Any]) -> QuerySet[Any]:
        watched = Exists(RuleState.objects.filter(rule=OuterRef("pk"), user__in=people))
        return queryset.filter(watched | Q(applies_to=AutomationRule.AppliesTo.OWNER, user__in=people))


class SubjectFilter(PersonFilter):
    """Filters entries by the person whom they are about."""

    def about(self, queryset: Any, people: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.about(people)  # type: ignore[no-any-return]


class RuleFilter(TimesFilter):
    times = "last_triggered_at"

    status = OneOf(choices=AutomationRule.Status.choices)
    metric = django_filters.CharFilter(field_name="metric_type", help_text="Metric name.")
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
    within = OneOf(label="triggered within", choices=WITHIN_LABELS, method="filter_within")
    after = TimeFilter(label="triggered from", method="filter_after")
    before = TimeFilter(label="triggered until", method="filter_before")

    class Meta:
        model = AutomationRule
        fields: list[str] = []

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

    class Meta:
        model = RuleState
        fields: list[str] = []

    def filter_severity(self, queryset: Any, _: str, value: str) -> QuerySet[Any]:
        return queryset.of_severity(value)  # type: ignore[no-any-return]

    def filter_condition(self, queryset: Any, _: str, value: str) -> QuerySet[Any]:
        if value == InstanceState.FIRING:
            return queryset.firing()  # type: ignore[no-any-return]
        return queryset.filter(condition=value)  # type: ignore[no-any-return]


class ActivityFilter(TimesFilter):
    status = OneOf(choices=ActivityEntry.Status.choices)
    event = OneOf(
        label="event",
        choices=lambda: [("triggered", "fired or repeated"), *event_choices()],
        method="filter_event",
        help_text="Triggered: rule_fired or rule_repeated.",
    )
    action = OneOf(field_name="action_taken", choices=registries.action_choices)
    metric = django_filters.CharFilter(label="metric", method="filter_metric", help_text="Metric name.")
    severity = OneOf(field_name="context__severity", label="severity", choices=Severity.choices)
    rule = RuleNameFilter()
    origin = OneOf(
        label="written by",
        choices=[("smart_agent", "Smart Agent"), ("other", "another application")],
        method="filter_origin",
        help_text="smart_agent, or other for entries written by another application.",
    )
    person = SubjectFilter()
    owner = PersonFilter(field_name="user")
    run = django_filters.UUIDFilter(
        field_name="run_id", error_messages={"invalid": "Invalid run ID."}, help_text="Run ID."
    )

    class Meta:
        model = ActivityEntry
        fields: list[str] = []

    def filter_metric(self, queryset: QuerySet[Any], _: str, value: str) -> QuerySet[Any]:
        return queryset.filter(Q(context__metric=value) | Q(context__metric_type=value))  # the old application's name

    def filter_origin(self, queryset: Any, _: str, value: str) -> QuerySet[Any]:
        return queryset.ours() if value == "smart_agent" else queryset.of_others()  # type: ignore[no-any-return]

    def filter_event(self, queryset: Any, _: str, value: str) -> QuerySet[Any]:
        if value == "triggered":
            return queryset.triggered()  # type: ignore[no-any-return]
        return queryset.filter(event_type=value)  # type: ignore[no-any-return]


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
    type = django_filters.CharFilter(field_name="integration_type", lookup_expr="icontains")
    owner = PersonFilter(field_name="user")
    within = OneOf(label="last sync within", choices=WITHIN_LABELS, method="filter_within")
    after = TimeFilter(label="last sync from", method="filter_after")
    before = TimeFilter(label="last sync until", method="filter_before")

    class Meta:
        model = Integration
        fields: list[str] = []
