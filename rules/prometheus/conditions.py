"""What an imported rule watches: natively, or as a query of a data source."""

from dataclasses import replace
from typing import Any

from rules.ingest.samples import check_target
from rules.prometheus.counts import counts_of_something
from rules.prometheus.expressions import Comparison, Joined, Unsupported
from rules.prometheus.literals import quoted
from rules.prometheus.native import read_expression
from rules.prometheus.refusals import USE_A_SOURCE
from rules.prometheus.sourced import read_query
from smartagent.kernel.coerce import read_number
from smartagent.kernel.durations import format_duration, of_seconds

OPERATOR_OF_PROMETHEUS = {"==": "="}


def native_conditions(text: str, notes: list[str]) -> dict[str, Any]:
    """The conditions of an expression on pushed metrics; Unsupported."""
    joined: Joined = read_expression(text)
    if any(each.selector.is_of_series for each in joined.comparisons):
        return _on_series(joined)
    first, *others = [_condition(each) for each in joined.comparisons]
    if len(joined.comparisons) > 1:
        notes.append("Here all conditions concern the same person; Prometheus joins series with the same labels.")
    others += counts_of_something(joined, notes)
    more = {"more_conditions": others, "match": joined.match} if others else {}
    return first | more


def sourced_condition(text: str, metric: str, notes: list[str]) -> tuple[str, dict[str, Any]]:
    """The query of an expression, and the condition on it as the metric of that name; Unsupported."""
    found = read_query(text)
    if not found.is_split:
        notes.append("The expression has no comparison with a number at its top; whatever the query returns fires.")
    operator = OPERATOR_OF_PROMETHEUS.get(found.operator, found.operator)
    return found.expression, {
        "metric": metric, "instances": "each", "operator": operator, "threshold": found.threshold,
    }  # fmt: skip


def _on_series(joined: Joined) -> dict[str, Any]:
    """The condition of a rule on series: one instance for each, or for each combination of labels."""
    if len(joined.comparisons) > 1:
        raise Unsupported(f"Several conditions on series chosen by labels are not supported. {USE_A_SOURCE}")
    (comparison,) = joined.comparisons
    selector = comparison.selector
    found = _condition(replace(comparison, selector=replace(selector, matchers=())))
    matchers = {"matchers": [f"{label}{sign}{quoted(value)}" for label, sign, value in selector.matchers]}
    series = {"instances": "by", "by": list(selector.by), "aggregate": selector.aggregate}
    chosen = {name: value for name, value in series.items() if value} if selector.aggregate else {"instances": "each"}
    return found | (matchers if selector.matchers else {}) | chosen


def _condition(comparison: Comparison) -> dict[str, Any]:
    selector = comparison.selector
    found: dict[str, Any] = {"metric": selector.metric}
    for _, _, value in selector.matchers:  # of the target; those of series are the rule's
        found |= {"target": check_target(value)} if value else {}
    if selector.reducer != "last":
        found |= {"reducer": selector.reducer, "window": _whole_seconds(selector.window)}
    if selector.parameter is not None:
        found["parameter"] = read_number(selector.parameter)
    operator = OPERATOR_OF_PROMETHEUS.get(comparison.operator, comparison.operator)
    return found | {"operator": operator, "threshold": comparison.threshold}


def _whole_seconds(seconds: float) -> str:
    if seconds != int(seconds):
        raise Unsupported(f"A window must be whole seconds, not {seconds:g} seconds.")
    return format_duration(of_seconds(seconds))
