"""An alert's expression as a query of a data source with a condition on its result.

A comparison with a number that filters at the top is split off as operator and threshold, so that readings below it are
seen too: preview, recovery and levels need them. `and` and `unless` only choose among the series on their left side, so
`(a > 1) and b` is `(a and b) > 1`. Every other expression is the query as a whole, and whatever it returns fires.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import promql_parser

from rules.engine.conditions import ANY_VALUE
from rules.prometheus.constants import as_threshold, constant
from rules.prometheus.expressions import Unsupported
from rules.prometheus.promql import COMPARISONS, FLIPPED, bare, is_bool, operator_of, parsed, reprinted
from smartagent.kernel.coerce import keeps_to_the_digit

CHOOSING = ("and", "unless")
NO_SERIES = (promql_parser.MatrixSelector, promql_parser.SubqueryExpr, promql_parser.StringLiteral)
ABSENCE = ("absent", "absent_over_time")


@dataclass(frozen=True, slots=True)
class QueryCondition:
    """A query, and the condition on each series that it returns."""

    expression: str
    operator: str
    threshold: Decimal

    @property
    def is_split(self) -> bool:
        """Whether a comparison was split off."""
        return self.threshold != ANY_VALUE


def read_query(text: str) -> QueryCondition:
    """The query of an alert's expression; Unsupported where it is no PromQL."""
    tree = parsed(text)
    kind = bare(tree)
    if isinstance(kind, NO_SERIES):
        raise Unsupported("The expression is a range or a text; an alert needs a number for each series.")
    whole = text.strip()
    if isinstance(kind, promql_parser.Call) and kind.func.name in ABSENCE:
        return QueryCondition(whole, "==", Decimal(1))
    try:
        return _split(tree) or QueryCondition(whole, ">=", ANY_VALUE)
    except Unsupported:  # the threshold is no finite number, or has more digits than are kept
        return QueryCondition(whole, ">=", ANY_VALUE)


def _split(tree: Any) -> QueryCondition | None:
    """The comparison at the top, taken off; None where there is none."""
    tree = bare(tree)
    sign = operator_of(tree)
    if sign in CHOOSING:
        return _chosen(tree, sign)
    if sign not in COMPARISONS or is_bool(tree):
        return None
    left, right = tree.lhs, tree.rhs
    if (threshold := constant(right)) is None:
        left, right, sign = right, left, FLIPPED[sign]
        if (threshold := constant(right)) is None:
            return None
    kept = as_threshold(threshold)
    if not keeps_to_the_digit(kept) or kept == ANY_VALUE:
        return None
    return QueryCondition(reprinted(bare(left)), sign, kept)


def _chosen(tree: Any, sign: str) -> QueryCondition | None:
    """The comparison on the left side of `and` or `unless`, taken off."""
    found = _split(tree.lhs)
    if found is None:
        return None
    left = f"({found.expression})" if operator_of(parsed(found.expression)) == "or" else found.expression
    modifier = f" {tree.modifier}" if tree.modifier and str(tree.modifier) else ""
    joined = parsed(f"{left} {sign}{modifier} {tree.rhs.prettify()}")
    return QueryCondition(reprinted(joined), found.operator, found.threshold)
