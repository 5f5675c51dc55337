"""The parts that sentences about rules are made of."""

import math
from typing import Any

from rules.conditions import IN_WORDS
from rules.registries import metrics


def number(value: Any) -> str:
    """A value as people write it: `70`, `63.5`, `1,234,567`, `0.00002`."""
    if value is None:
        return "no value"
    try:
        value = float(value)
    except (TypeError, ValueError, OverflowError):
        return str(value)  # what another program wrote
    if not math.isfinite(value) or 0 < abs(value) < 0.0001 or abs(value) >= 1e15:
        return f"{value:g}"
    return f"{value:,.4f}".rstrip("0").rstrip(".")


def metric_name(metric: str | None) -> str:
    """A metric in the middle of a sentence: `fusion score`, or the name under which it is pushed."""
    if not metric:
        return "metric"
    metric = str(metric)
    return metrics[metric].label.lower() if metric in metrics else metric


def begun(words: str, metric: str | None) -> str:
    """Words about `metric` as a sentence begins: `Fusion score was 63`. The name of a pushed metric is left as it is
    spelled, for there is none that is spelled otherwise: `cpu_x was 90`."""
    if metric and str(metric) not in metrics and words.startswith(str(metric)):  # facts may hold anything
        return words
    return words[:1].upper() + words[1:]


def limit(operator: str | None, threshold: Any) -> str:
    """What the reading is compared with: `below 70`."""
    return f"{IN_WORDS.get(str(operator), str(operator or '?'))} {number(threshold)}"


def series(metric: str | None, whose: str, target: str | None) -> str:
    """What is watched: `the fusion score of Alice on gmail`."""
    return f"the {metric_name(metric)}{f' of {whose}' if whose else ''}{f' on {target}' if target else ''}"
