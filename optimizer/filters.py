"""What can be asked of optimizations: the same in the pages and in the API."""

from optimizer.models import OptimizationEvent
from optimizer.strategies import strategies
from rules.filters import OneOf, PersonFilter, RuleNameFilter, TimesFilter


def strategy_choices() -> list[tuple[str, str]]:
    """The strategies that are installed."""
    return strategies.choices()


class OptimizationFilter(TimesFilter):
    status = OneOf(choices=OptimizationEvent.Status.choices)
    strategy = OneOf(choices=strategy_choices)
    kind = OneOf(field_name="optimization_action", choices=OptimizationEvent.Kind.choices)
    verdict = OneOf(label="came of it", choices=OptimizationEvent.Verdict.choices)
    rule = RuleNameFilter()
    person = PersonFilter(field_name="user")

    class Meta:
        model = OptimizationEvent
        fields: list[str] = []
