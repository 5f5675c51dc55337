"""Operators, once, as Python and as SQL. Both compare double precision numbers, so they agree to the last bit."""

import operator
from collections.abc import Callable

from django.db import models


class Operator(models.TextChoices):
    LT = "<", "<  below"
    LE = "<=", "≤  at most"
    GT = ">", ">  above"
    GE = ">=", "≥  at least"
    EQ = "=", "=  equal to"
    NE = "!=", "≠  other than"


class Reducer(models.TextChoices):
    """What of the readings in a window is compared."""

    LAST = "last", "the newest reading"
    AVG = "avg", "the average"
    MIN = "min", "the lowest"
    MAX = "max", "the highest"
    SUM = "sum", "the sum"
    COUNT = "count", "the number of readings"
    CHANGE = "change", "the change"
    PERCENT_CHANGE = "percent_change", "the change in percent"


class Match(models.TextChoices):
    """How several conditions are joined."""

    ALL = "all", "all conditions hold"
    ANY = "any", "any condition holds"


IN_PYTHON: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "=": operator.eq, "!=": operator.ne,
}  # fmt: skip
IN_WORDS = {
    "<": "below",
    "<=": "at most",
    ">": "above",
    ">=": "at least",
    "=": "equal to",
    "!=": "other than",
}


def met(value: float, condition_operator: str, threshold: float) -> bool:
    """Say whether `value` breaks the threshold, so that the rule should fire."""
    return IN_PYTHON[condition_operator](float(value), float(threshold))


def met_sql(value: str, condition_operator: str, threshold: str) -> str:
    """Return the same question as an SQL expression over three SQL expressions, the outer two double precision."""
    cases = " ".join(
        f"WHEN '{symbol}' THEN {value} {'<>' if symbol == '!=' else symbol} {threshold}" for symbol in IN_PYTHON
    )
    return f"(CASE {condition_operator} {cases} END)"
