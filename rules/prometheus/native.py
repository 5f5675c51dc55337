"""The part of PromQL that a rule can say without a data source, read from its syntax tree.

A metric, or an aggregation of it over a time window, is compared with a number; such comparisons are joined by `and` or
by `or`. Anything else is refused with the reason.
"""

from dataclasses import replace
from typing import Any

import promql_parser

from rules.engine.series_choice import SeriesAggregate
from rules.prometheus.constants import as_threshold, constant
from rules.prometheus.expressions import Comparison, Joined, Selector, Unsupported
from rules.prometheus.promql import COMPARISONS, FLIPPED, bare, is_bool, operator_of, parsed
from rules.prometheus.refusals import FUNCTIONS, aggregated, arithmetic, unknown

SIGN_OF_MATCH = {"Equal": "=", "NotEqual": "!=", "Re": "=~", "NotRe": "!~"}
PROMETHEUS_LOOKBACK = 300.0  # seconds that Prometheus looks back for the newest reading
ONE_AND_A_NUMBER = "Only comparisons of one metric with one number are supported."
WITHOUT_COMPARISON = "The expression has no comparison with a number, so it would alert on every value."
PLACE_OF_PARAMETER = {"quantile": 0, "predict_linear": 1}


def read_expression(text: str) -> Joined:
    """Parse `text`; Unsupported, with the part that has no counterpart here."""
    return _joined(parsed(text))


def _sign(matcher: Any) -> str:
    return SIGN_OF_MATCH[str(matcher.op).rpartition(".")[2]]


def _joined(tree: Any) -> Joined:
    """`a and b and c`, or `a or b`. Both together are refused: `and` binds closer, and a rule has no nested
    conditions."""
    tree, sign = bare(tree), operator_of(bare(tree))
    if sign in ("and", "or"):
        if tree.modifier and tree.modifier.matching:
            word = str(tree.modifier).split()[0]
            raise Unsupported(f"{word} is not supported: conditions always concern the same person.")
        match = "all" if sign == "and" else "any"
        sides = (_plain(_joined(side), match) for side in (tree.lhs, tree.rhs))
        return Joined(match, tuple(one for side in sides for one in side))
    if sign == "unless":
        raise Unsupported("unless is not supported.")
    return Joined("all", (_comparison(tree, sign),))


def _plain(joined: Joined, match: str) -> tuple[Comparison, ...]:
    if len(joined.comparisons) > 1 and joined.match != match:
        raise Unsupported("Mixing and with or is not supported: a rule uses one of them for all conditions.")
    return joined.comparisons


def _comparison(tree: Any, sign: str) -> Comparison:
    if sign not in COMPARISONS:
        if constant(tree) is not None:
            raise Unsupported(ONE_AND_A_NUMBER)
        selector = _selector(tree)  # refused by its own name first, where it cannot be said at all
        if selector.reducer != "absent":
            raise Unsupported(WITHOUT_COMPARISON)
        return Comparison(selector, "==", as_threshold(1))
    if is_bool(tree):
        raise Unsupported("With bool, a comparison gives 0 or 1 and alerts on both; leave bool out.")
    left, right = tree.lhs, tree.rhs
    if (threshold := constant(right)) is None:
        left, right, sign = right, left, FLIPPED[sign]
        threshold = constant(right)
    if operator_of(bare(left)) in COMPARISONS:
        raise Unsupported("Comparing a comparison is not supported.")
    if threshold is None:
        _selector(left), _selector(right)
        raise Unsupported(ONE_AND_A_NUMBER)
    return Comparison(_selector(left), sign, as_threshold(threshold))


def _selector(tree: Any) -> Selector:
    tree = bare(tree)
    if isinstance(tree, promql_parser.VectorSelector):
        return _instant(tree)
    if isinstance(tree, promql_parser.AggregateExpr):
        return _aggregate(tree)
    if isinstance(tree, promql_parser.Call):
        return _called(tree)
    if isinstance(tree, promql_parser.MatrixSelector):
        raise Unsupported("A range such as [5m] is only allowed in functions such as avg_over_time.")
    if isinstance(tree, promql_parser.SubqueryExpr):
        raise Unsupported("Subqueries such as [1h:5m] are not supported.")
    if isinstance(tree, promql_parser.UnaryExpr):
        raise Unsupported(arithmetic("-"))
    if sign := operator_of(tree):
        raise Unsupported(ONE_AND_A_NUMBER if sign in COMPARISONS else arithmetic(sign))
    raise Unsupported(ONE_AND_A_NUMBER)


def _aggregate(tree: Any) -> Selector:
    """An aggregation across series, as `sum by (host) (x)`."""
    name, labels = str(tree.op), tree.modifier
    if name not in SeriesAggregate.values or (labels and labels.type != promql_parser.AggModifierType.By):
        raise Unsupported(aggregated(f"{name} without" if labels and name in SeriesAggregate.values else name))
    inner = _selector(tree.expr)
    if inner.aggregate or inner.reducer == "absent":
        raise Unsupported(aggregated(f"{name} of {inner.aggregate or inner.reducer}"))
    return replace(inner, aggregate=name, by=tuple(labels.labels) if labels else ())


def _called(call: Any) -> Selector:
    name, arguments = str(call.func.name), list(call.args)
    if name == "absent":
        found = _selector(arguments[0])
        if found.reducer != "last" or found.is_of_series:
            raise Unsupported(unknown("absent of more than one metric"))
        return Selector(found.metric, found.matchers, "absent", PROMETHEUS_LOOKBACK)
    if name not in FUNCTIONS:
        raise Unsupported(unknown(name))
    reducer, parameter = FUNCTIONS[name], None
    if reducer in PLACE_OF_PARAMETER:
        parameter = constant(arguments.pop(PLACE_OF_PARAMETER[reducer]))
        if parameter is None:
            raise Unsupported(f"The parameter of {name} must be a number.")
    ranged = bare(arguments[0])
    if isinstance(ranged, promql_parser.SubqueryExpr):
        raise Unsupported("Subqueries such as [1h:5m] are not supported.")
    found = _instant(ranged.vector_selector)
    if reducer == "absent" and found.is_of_series:
        raise Unsupported(unknown("absent of more than one metric"))
    return Selector(found.metric, found.matchers, reducer, ranged.range.total_seconds(), parameter)


def _instant(selector: Any) -> Selector:
    if selector.offset or selector.at:
        raise Unsupported(f"{'offset' if selector.offset else '@'} is not supported: readings are always current.")
    if selector.matchers.or_matchers:
        raise Unsupported("Matchers joined by or are not supported.")
    names = [selector.name] if selector.name else []
    matchers = dict[str, tuple[str, str, str]]()
    for each in selector.matchers.matchers:
        matcher = (each.name, _sign(each), each.value)
        if matcher[:2] == ("__name__", "="):
            names.append(each.value)
        elif matchers.setdefault(each.name, matcher) != matcher:
            raise Unsupported(f"Conflicting matchers for label {each.name}.")
    if len(names) != 1:
        twice = "Two metric names given."
        raise Unsupported(twice if names else "A metric name is required; matchers alone are not supported.")
    return Selector(names[0], tuple(matchers.values()))
