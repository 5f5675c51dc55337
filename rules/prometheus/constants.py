"""Arithmetic of constants in a PromQL expression, in 64-bit floats like Prometheus: `1024 * 1024`, `-(5)`, `2 ^ 30`."""

import math
from collections.abc import Callable
from decimal import Decimal

from rules.prometheus.expressions import Unsupported
from smartagent.kernel.coerce import read_number

ARITHMETIC_OPERATIONS: dict[str, Callable[[float, float], float]] = {
    "+": lambda left, right: left + right, "-": lambda left, right: left - right,
    "*": lambda left, right: left * right, "/": lambda left, right: left / right, "%": math.fmod, "^": math.pow,
}  # fmt: skip


def computed(left: Decimal, sign: str, right: Decimal) -> Decimal:
    """The result of `left sign right`; Unsupported where it is not a finite number."""
    try:
        return read_number(ARITHMETIC_OPERATIONS[sign](float(left), float(right)))
    except (ArithmeticError, ValueError):
        raise Unsupported(f"{left} {sign} {right} is not a finite number, so it cannot be a threshold.") from None
