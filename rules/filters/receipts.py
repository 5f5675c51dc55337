"""The filters of received metrics, the same in the list and in the API."""

import django_filters

from rules.models import MetricReceipt
from smartagent.rest.filter_fields import OneOf, PersonFilter, TimeFilter, TimesFilter
from smartagent.rest.periods import PERIOD_LABELS


class ReceiptFilter(TimesFilter):
    times = "last_at"

    protocol = django_filters.CharFilter(
        lookup_expr="icontains", help_text="Part of the protocol's name, for example OTLP."
    )
    person = PersonFilter(field_name="user")
    within = OneOf(label="last request within", choices=PERIOD_LABELS, method="filter_within")
    after = TimeFilter(label="last request from", method="filter_after")
    before = TimeFilter(label="last request until", method="filter_before")

    class Meta:
        model = MetricReceipt
        fields: list[str] = []
