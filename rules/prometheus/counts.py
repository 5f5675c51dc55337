"""Counts of nothing: Prometheus has no series then, and compares nothing; here such a count is 0."""

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
    "A count of nothing is nothing in Prometheus, so this never fires there; here the count would be 0. Give a rule on "
    "the metric no_data_policy: fire instead."
)


def counts_of_something(joined: Joined, notes: list[str]) -> list[dict[str, Any]]:
    """Conditions that keep counts which hold for 0 from holding for nothing."""
    found = []
    for each in joined.comparisons:
        if each.selector.reducer != "count" or not HOLDS[each.operator](Decimal(0), each.threshold):
            continue
        if not _holds_for_some(each):
            raise Unsupported(NEVER)
        if joined.match == "any":
            raise Unsupported("A count of nothing is nothing in Prometheus, and 0 here; joined by or, it would fire.")
        notes.append("A count of nothing is nothing in Prometheus, and 0 here: the count must also be above 0.")
        found.append(_above_nothing(each))
    return found


def _holds_for_some(each: Comparison) -> bool:
    """Whether it holds for any count from 1 on."""
    if each.operator in ("<", "<=", "=="):
        return HOLDS[each.operator](Decimal(1), each.threshold)
    return True


def _above_nothing(each: Comparison) -> dict[str, Any]:
    target = {label: value for label, _, value in each.selector.matchers if value}
    return {"metric": each.selector.metric} | target | {
        "reducer": "count", "window": format_duration(of_seconds(each.selector.window)), "operator": ">",
        "threshold": Decimal(0),
    }  # fmt: skip
