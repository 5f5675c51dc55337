"""Conditions on counts. Where nothing is counted, Prometheus has no series and no alert; here the count is 0."""

import operator
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from rules.prometheus.expressions import Comparison, Joined, Unsupported
from smartagent.kernel.durations import format_duration, of_seconds

HOLDS: dict[str, Callable[[Decimal, Decimal], bool]] = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
NEVER = (
    "In Prometheus a count of no samples is no data, so this expression never fires; here the count would be 0. Use "
    "no_data_policy: fire in a rule on the metric instead."
)


def counts_of_something(joined: Joined, notes: list[str]) -> list[dict[str, Any]]:
    """Further conditions `> 0`, for counts whose own condition would also be met by 0."""
    found = []
    for each in joined.comparisons:
        if each.selector.reducer != "count" or not HOLDS[each.operator](Decimal(0), each.threshold):
            continue
        if not _holds_for_some(each):
            raise Unsupported(NEVER)
        if joined.match == "any":
            raise Unsupported("In Prometheus a count of no samples is no data, here it is 0; with or, it would fire.")
        notes.append("In Prometheus a count of no samples is no data, here it is 0; count > 0 was added.")
        found.append(_above_nothing(each))
    return found


def _holds_for_some(each: Comparison) -> bool:
    """Whether the condition is met by every count from 1 on."""
    if each.operator in ("<", "<=", "=="):
        return HOLDS[each.operator](Decimal(1), each.threshold)
    return True


def _above_nothing(each: Comparison) -> dict[str, Any]:
    target = {label: value for label, _, value in each.selector.matchers if value}
    return {"metric": each.selector.metric} | target | {
        "reducer": "count", "window": format_duration(of_seconds(each.selector.window)), "operator": ">",
        "threshold": Decimal(0),
    }  # fmt: skip
