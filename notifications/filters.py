"""Filters of the inbox, the same in the pages and in the API."""

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils import timezone

from notifications.channels.status import STATUS_CHOICES, STATUS_QUERIES
from notifications.models import Channel, Delivery, Escalation, EscalationPolicy, Notification
from notifications.registries import channel_choices
from rules.filters import RuleNameFilter
from rules.models.rule import Severity
from smartagent.rest.filter_fields import OneOf, PersonFilter, TimesFilter

WHOSE = [("mine", "me"), ("everyone", "everyone")]


class NotificationSubjectFilter(PersonFilter):
    """Filters notifications by the person whose reading they are about."""

    def about(self, queryset: Any, people: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.about(people)  # type: ignore[no-any-return]


class NotificationFilter(TimesFilter):
    whose = OneOf(
        label="notifications of",
        choices=WHOSE,
        method="filter_whose",
        empty_label=None,
        help_text="Only your own notifications, or all that you may see.",
    )
    status = OneOf(
        label="status",
        choices=[
            ("inbox", "in the inbox"),
            *Notification.Status.choices,
            ("snoozed", "snoozed"),
            ("returned", "returned from snooze"),
        ],
        method="filter_status",
        help_text="In the inbox: unread or read, neither archived nor snoozed.",
    )
    severity = OneOf(choices=Severity.choices)
    type = OneOf(choices=Notification.Type.choices)
    metric = django_filters.CharFilter(
        method="filter_metric", label="metric", help_text="Name of the metric, for example fusion_score."
    )
    rule = RuleNameFilter()
    recipient = PersonFilter(field_name="user")
    person = NotificationSubjectFilter()
    owner = PersonFilter(field_name="rule__user", label="owner of the rule")

    class Meta:
        model = Notification
        fields: list[str] = []

    def filter_whose(self, queryset: Any, _: str, value: str) -> QuerySet[Any]:
        mine = value == "mine" and self.request is not None
        return queryset.addressed_to(self.request.user) if mine else queryset  # type: ignore[no-any-return]

    def filter_metric(self, queryset: Any, _: str, value: str) -> Any:
        return queryset.having("metric", value)

    def filter_status(self, queryset: Any, _: str, value: str) -> QuerySet[Any]:
        now = timezone.now()
        if value in ("inbox", "snoozed", "returned"):
            named = {"inbox": queryset.in_inbox, "snoozed": queryset.snoozed, "returned": queryset.returned}
            return named[value](now)  # type: ignore[no-any-return]
        if value == Notification.Status.ARCHIVED:
            return queryset.filter(status=value)  # type: ignore[no-any-return]
        return queryset.awake(now).filter(status=value)  # type: ignore[no-any-return]


class ChannelFilter(django_filters.FilterSet):  # type: ignore[misc]
    kind = OneOf(choices=channel_choices, label="type")
    state = OneOf(choices=STATUS_CHOICES, method="filter_state")
    owner = PersonFilter(field_name="user")

    class Meta:
        model = Channel
        fields: list[str] = []

    def filter_state(self, queryset: Any, _: str, value: str) -> QuerySet[Any]:
        return queryset.filter(STATUS_QUERIES[value])  # type: ignore[no-any-return]


class DeliveryFilter(TimesFilter):
    status = OneOf(choices=[("unsettled", "in progress"), *Delivery.Status.choices], method="filter_status")
    kind = OneOf(choices=channel_choices, label="channel type")
    severity = OneOf(choices=Severity.choices)
    reason = OneOf(choices=Delivery.Reason.choices)
    channel = django_filters.UUIDFilter(field_name="channel", label="channel", help_text="Channel ID.")
    notification = django_filters.UUIDFilter(
        field_name="notification", label="notification", help_text="Notification ID."
    )
    rule = RuleNameFilter()
    recipient = PersonFilter(field_name="user")
    owner = PersonFilter(field_name="rule__user", label="owner of the rule")

    class Meta:
        model = Delivery
        fields: list[str] = []

    def filter_status(self, queryset: Any, _: str, value: str) -> QuerySet[Any]:
        return queryset.unsettled() if value == "unsettled" else queryset.filter(status=value)  # type: ignore[no-any-return]


class PolicyFilter(django_filters.FilterSet):  # type: ignore[misc]
    owner = PersonFilter(field_name="user")

    class Meta:
        model = EscalationPolicy
        fields: list[str] = []


class EscalationFilter(TimesFilter):
    status = OneOf(choices=Escalation.Status.choices)
    policy = django_filters.CharFilter(field_name="policy_name", label="policy", help_text="Name of the policy.")
    rule = RuleNameFilter()
    person = PersonFilter(field_name="state__user")
    owner = PersonFilter(field_name="rule__user")

    class Meta:
        model = Escalation
        fields: list[str] = []
