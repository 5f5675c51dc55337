"""Filters of optimizations, the same in the pages and in the API."""

from typing import Any

from django.db.models import QuerySet

from optimizer.models import OptimizationEvent
from optimizer.strategies import strategies
from rules.filters import RuleNameFilter
from smartagent.rest.filter_fields import OneOf, PersonFilter, TimesFilter


def strategy_choices() -> list[tuple[str, str]]:
    """The strategies that are installed."""
    return strategies.choices()


class OptimizationFilter(TimesFilter):
    status = OneOf(choices=OptimizationEvent.Status.choices)
    strategy = OneOf(choices=strategy_choices)
    kind = OneOf(field_name="optimization_action", choices=OptimizationEvent.Kind.choices)
    verdict = OneOf(label="result", choices=OptimizationEvent.Verdict.choices)
    rule = RuleNameFilter()
    person = PersonFilter(field_name="user")
    owner = PersonFilter(field_name="rule__user", label="owner of the rule")
    origin = OneOf(
        label="written by",
        choices=[("smart_agent", "Smart Agent"), ("other", "another application")],
        method="filter_origin",
        help_text="other: rows that another application wrote to the same table. Default: smart_agent.",
    )

    class Meta:
        model = OptimizationEvent
        fields: list[str] = []

    def filter_origin(self, queryset: Any, _: str, value: str) -> QuerySet[Any]:
        return queryset.ours() if value == "smart_agent" else queryset.of_others()  # type: ignore[no-any-return]
