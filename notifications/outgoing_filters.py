"""What can be asked of channels and deliveries: the same in the pages and in the API."""

from typing import Any

import django_filters
from django.db.models import QuerySet

from notifications.escalation import Escalation, EscalationPolicy
from notifications.outgoing import Channel, Delivery
from notifications.registries import channel_choices
from notifications.states import CONDITIONS, STATES
from rules.filters import OneOf, PersonFilter, RuleNameFilter, TimesFilter
from rules.models.rule import Severity


class ChannelFilter(django_filters.FilterSet):  # type: ignore[misc]
    kind = OneOf(choices=channel_choices)
    state = OneOf(choices=STATES, method="filter_state")
    person = PersonFilter(field_name="user", label="owner")

    class Meta:
        model = Channel
        fields: list[str] = []

    def filter_state(self, queryset: Any, _: str, value: str) -> QuerySet[Any]:
        return queryset.filter(CONDITIONS[value])  # type: ignore[no-any-return]


class DeliveryFilter(TimesFilter):
    status = OneOf(choices=[("unsettled", "on their way"), *Delivery.Status.choices], method="filter_status")
    kind = OneOf(choices=channel_choices, label="kind")
    severity = OneOf(choices=Severity.choices)
    reason = OneOf(choices=Delivery.Reason.choices)
    channel = django_filters.UUIDFilter(field_name="channel", label="channel", help_text="Its id.")
    notification = django_filters.UUIDFilter(field_name="notification", label="notification", help_text="Its id.")
    rule = RuleNameFilter()
    person = PersonFilter(field_name="user", label="to")

    class Meta:
        model = Delivery
        fields: list[str] = []

    def filter_status(self, queryset: Any, _: str, value: str) -> QuerySet[Any]:
        return queryset.unsettled() if value == "unsettled" else queryset.filter(status=value)  # type: ignore[no-any-return]


class PolicyFilter(django_filters.FilterSet):  # type: ignore[misc]
    person = PersonFilter(field_name="user", label="owner")

    class Meta:
        model = EscalationPolicy
        fields: list[str] = []


class EscalationFilter(TimesFilter):
    status = OneOf(choices=Escalation.Status.choices)
    policy = django_filters.CharFilter(field_name="policy_name", label="policy", help_text="Its name.")
    rule = RuleNameFilter()

    class Meta:
        model = Escalation
        fields: list[str] = []
