"""Arithmetic of constants in a PromQL expression, in 64-bit floats like Prometheus: `1024 * 1024`, `-(5)`, `2 ^ 30`."""

import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import promql_parser

from rules.prometheus.expressions import Unsupported
from rules.prometheus.promql import bare, operator_of
from smartagent.kernel.coerce import read_number

ARITHMETIC_OPERATIONS: dict[str, Callable[[float, float], float]] = {
    "+": lambda left, right: left + right, "-": lambda left, right: left - right,
    "*": lambda left, right: left * right, "/": lambda left, right: left / right, "%": math.fmod, "^": math.pow,
}  # fmt: skip


def constant(tree: Any) -> float | None:
    """The value of an expression of numbers alone; None for any other. Unsupported where it is not finite."""
    tree = bare(tree)
    if isinstance(tree, promql_parser.NumberLiteral):
        return _finite(tree.val, tree.prettify())
    if isinstance(tree, promql_parser.UnaryExpr):
        found = constant(tree.expr)
        return None if found is None else -found
    if (sign := operator_of(tree)) not in ARITHMETIC_OPERATIONS:
        return None
    left, right = constant(tree.lhs), constant(tree.rhs)
    if left is None or right is None:
        return None
    try:
        return _finite(float(ARITHMETIC_OPERATIONS[sign](left, right)), tree.prettify())
    except (ArithmeticError, ValueError):
        raise Unsupported(_not_finite(tree.prettify())) from None


def as_threshold(value: float) -> Decimal:
    """A constant as a threshold; Unsupported where it cannot be stored."""
    try:
        return read_number(int(value) if float(value).is_integer() else value)
    except ValueError as error:
        raise Unsupported(str(error)) from None


def _finite(value: float, text: str) -> float:
    if not math.isfinite(value):
        raise Unsupported(_not_finite(text))
    return value


def _not_finite(text: str) -> str:
    return f"{' '.join(text.split())[:60]} is not a finite number, so it cannot be a threshold."
