"""Parts of sentences about rules."""

import math
from decimal import Decimal
from typing import Any

from rules.engine.conditions import IN_WORDS, is_any_value
from rules.registries import metrics

DECIMALS, MAX_DIGITS = 4, 17


def number(value: Any, beside: Any = None) -> str:
    """A value as text: `70`, `63.5`, `1,234,567`, `0.00002`; with enough digits to differ from the number `beside` it:
    `99.99996`, where that is 100."""
    if value is None:
        return "no value"
    known, other = _as_float(value), _as_float(beside)
    if known is None:
        return str(value)  # what another program wrote
    if other is None or known == other:
        return _written(known, DECIMALS)
    for digits in range(DECIMALS, MAX_DIGITS + 1):
        text = _written(known, digits)
        if text != _written(other, digits):
            return text
    return repr(known)


def _as_float(value: Any) -> float | None:
    try:
        return float(value) + 0.0  # there is no -0
    except (TypeError, ValueError, OverflowError):
        return None


def _written(value: float, digits: int) -> str:
    if abs(value) < 1e15 and value.is_integer():
        return f"{int(value):,}"  # as below, but faster
    if not math.isfinite(value) or 0 < abs(value) < 0.0001 or abs(value) >= 1e15:
        return repr(value) if digits == MAX_DIGITS else f"{value:.{max(digits, 6)}g}"
    return f"{Decimal(repr(value)):,.{digits}f}".rstrip("0").rstrip(".")


def metric_name(metric: str | None) -> str:
    """A metric in the middle of a sentence: `fusion score`, or the name under which it is pushed."""
    if not metric:
        return "metric"
    metric = str(metric)
    return metrics[metric].label.lower() if metric in metrics else metric


def begun(words: str, metric: str | None) -> str:
    """Words about `metric` with a capital: `Fusion score was 63`. The name of a pushed metric keeps its spelling:
    `cpu_x was 90`."""
    if metric and str(metric) not in metrics and words.startswith(str(metric)):  # facts may hold anything
        return words
    return words[:1].upper() + words[1:]


def limit(operator: str | None, threshold: Any, beside: Any = None) -> str:
    """A condition in words, rounded so that it differs from the reading beside it: `below 70`."""
    if is_any_value(operator, threshold):
        return "any value"
    return f"{IN_WORDS.get(str(operator), str(operator or '?'))} {number(threshold, beside)}"


def series(metric: str | None, whose: str, target: str | None) -> str:
    """The watched series: `the fusion score of Alice on gmail`."""
    return f"the {metric_name(metric)}{f' of {whose}' if whose else ''}{f' on {target}' if target else ''}"
