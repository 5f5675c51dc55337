"""What can be asked of an inbox: the same in the pages and in the API."""

import json
import re
from typing import Any

import django_filters
from django.db.models import QuerySet, TextField
from django.db.models.functions import Cast

from notifications.models import Notification
from rules.filters import OneOf, PersonFilter, RuleNameFilter, TimesFilter
from rules.models.rule import Severity

WHOSE = [("mine", "mine"), ("everyone", "everyone's")]


class NotificationFilter(TimesFilter):
    whose = OneOf(
        label="whose", choices=WHOSE, method="filter_whose", empty_label=None, help_text="Mine, or all that I may see."
    )
    status = OneOf(
        label="status",
        choices=[("inbox", "in the inbox"), *Notification.Status.choices],
        method="filter_status",
        help_text="In the inbox: unread or read, not archived.",
    )
    severity = OneOf(choices=Severity.choices)
    type = OneOf(choices=Notification.Type.choices)
    metric = django_filters.CharFilter(
        method="filter_metric", label="metric", help_text="Its name, for example fusion_score."
    )
    rule = RuleNameFilter()
    person = PersonFilter(field_name="user", label="to")

    class Meta:
        model = Notification
        fields: list[str] = []

    def filter_whose(self, queryset: Any, _: str, value: str) -> QuerySet[Any]:
        mine = value == "mine" and self.request is not None
        return queryset.addressed_to(self.request.user) if mine else queryset  # type: ignore[no-any-return]

    def filter_metric(self, queryset: Any, _: str, value: str) -> Any:
        # As text, for the column may be text with something in it that is no JSON.
        pattern = f'"metric": *{re.escape(json.dumps(value))}'
        return queryset.annotate(facts=Cast("metadata", TextField())).filter(facts__regex=pattern)

    def filter_status(self, queryset: QuerySet[Any], _: str, value: str) -> QuerySet[Any]:
        if value == "inbox":
            return queryset.filter(status__in=["unread", "read"])
        return queryset.filter(status=value)
