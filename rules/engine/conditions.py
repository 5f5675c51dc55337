"""Operators in Python and in SQL. Both compare double precision numbers, so the results are equal."""

import operator
from collections.abc import Callable, Collection
from decimal import Decimal
from typing import Any

from django.db import models


class Operator(models.TextChoices):
    LT = "<", "<  below"
    LE = "<=", "≤  at most"
    GT = ">", ">  above"
    GE = ">=", "≥  at least"
    EQ = "=", "=  equal to"
    NE = "!=", "≠  other than"


class Reducer(models.TextChoices):
    """The aggregation of the readings in a window."""

    LAST = "last", "latest reading"
    AVG = "avg", "average"
    MIN = "min", "minimum"
    MAX = "max", "maximum"
    SUM = "sum", "sum"
    COUNT = "count", "number of readings"
    CHANGE = "change", "change"
    PERCENT_CHANGE = "percent_change", "change in percent"
    RATE = "rate", "rate per second of a counter"
    INCREASE = "increase", "increase of a counter"
    DERIV = "deriv", "slope per second"
    PREDICT_LINEAR = "predict_linear", "predicted value"
    QUANTILE = "quantile", "quantile"
    STDDEV = "stddev", "standard deviation"
    ABSENT = "absent", "absence of readings"
    UNUSUAL = "unusual", "distance from the usual"


OF_COUNTERS = (Reducer.RATE.value, Reducer.INCREASE.value)  # only of pushed metrics: a built-in one counts nothing up
WITHOUT_WINDOW = (Reducer.LAST.value, Reducer.UNUSUAL.value)
# Those whose results are on the scale of the readings, so that the threshold can be drawn across them.
ON_SCALE = ("last", "avg", "min", "max", "quantile", "predict_linear")
# The reducers that have a parameter, and its range: a share of the readings, or seconds ahead.
PARAMETER_RANGES = {Reducer.QUANTILE.value: (0.0, 1.0), Reducer.PREDICT_LINEAR.value: (0.0, 365 * 86_400.0)}


# The lowest threshold that can be stored. `>=` it is met by every reading: the rule fires on whatever a query returns.
ANY_VALUE = Decimal(-(10**20) + 1)


class Match(models.TextChoices):
    """How several conditions are joined."""

    ALL = "all", "all conditions are met"
    ANY = "any", "any condition is met"


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


def is_any_value(condition_operator: object, threshold: object) -> bool:
    """Whether the condition is met by every reading."""
    try:
        return condition_operator == ">=" and float(threshold) == float(ANY_VALUE)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return False


def drawn_level(level: Any) -> float | None:
    """A threshold as a line of a chart; None where there is none to draw."""
    return None if level is None or float(level) == float(ANY_VALUE) else float(level)


def met(value: float, condition_operator: str, threshold: float) -> bool:
    """Return whether `value` meets the condition, so that the rule fires."""
    return IN_PYTHON[condition_operator](float(value), float(threshold))


def met_sql(value: str, condition_operator: str, threshold: str) -> str:
    """Return `met` as an SQL expression over three SQL expressions; value and threshold are double precision."""
    cases = " ".join(
        f"WHEN '{symbol}' THEN {value} {'<>' if symbol == '!=' else symbol} {threshold}" for symbol in IN_PYTHON
    )
    return f"(CASE {condition_operator} {cases} END)"


def verdict(value: float | None, condition_operator: str, threshold: float, recovery: float | None = None) -> str:
    """Return the verdict on `value`: met, held (not met, but not past the recovery threshold), clear or missing."""
    if value is None:
        return "missing"
    if met(value, condition_operator, threshold):
        return "met"
    return "held" if recovery is not None and met(value, condition_operator, recovery) else "clear"


def verdict_sql(value: str, row: str) -> str:
    """Return `verdict` as an SQL expression, over a row with operator, threshold and recovery."""
    breaks = met_sql(value, f"{row}.operator", f"{row}.threshold")
    lingers = met_sql(value, f"{row}.operator", f"{row}.recovery")
    return f"""(CASE WHEN {value} IS NULL THEN 'missing' WHEN {breaks} THEN 'met'
        WHEN {row}.recovery IS NOT NULL AND {lingers} THEN 'held' ELSE 'clear' END)"""


# The first of these that one of several conditions says is what they say together.
TOGETHER = {
    "all": ("clear", "failed", "missing", "held", "met"),
    "any": ("met", "held", "failed", "missing", "clear"),
}


def combine(verdicts: Collection[str], match: str) -> str:
    """Return the verdict of several conditions joined by `match`: a missing one decides only where it matters."""
    return next(verdict for verdict in TOGETHER[match] if verdict in verdicts)


def combine_sql(verdict_column: str, match: str) -> str:
    """Return `combine` as an aggregate SQL expression, over SQL expressions of the verdict and of `match`."""

    def first(order: tuple[str, ...]) -> str:
        return " ".join(f"WHEN bool_or({verdict_column} = '{verdict}') THEN '{verdict}'" for verdict in order)

    any_of, all_of = first(TOGETHER["any"]), first(TOGETHER["all"])
    return f"(CASE WHEN {match} = 'any' THEN CASE {any_of} END ELSE CASE {all_of} END END)"
