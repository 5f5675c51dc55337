"""Checks of the parts of a sample: metric, target, labels, value and time."""

import math
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from rules.engine.series_labels import MAX_TARGET, TARGET_LABEL, checked_labels, series_key
from rules.registries import metrics
from smartagent.kernel.times import read_time

# The names of Prometheus, with the dots of OpenTelemetry and InfluxDB, and hyphens.
METRIC_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_.:-]{0,199}")
MAX_METRIC_NAME = 200
METRIC_NAME_HELP = (
    f"A name starts with a letter, _ or : and contains only letters, digits and _ . : -, at most {MAX_METRIC_NAME} "
    "characters, for example cpu or queue_depth."
)
EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
AHEAD = timedelta(minutes=5)


def check_metric(name: Any) -> str:
    """Return the name of a pushed metric; ValueError where it is invalid."""
    if not isinstance(name, str):
        raise ValueError('Enter the metric name as text, for example "cpu".')
    if name in metrics:
        raise ValueError(f"{name} is a built-in metric and cannot be pushed.")
    if not METRIC_NAME.fullmatch(name):
        raise ValueError(f"“{name[:40]}” is not a metric name. {METRIC_NAME_HELP}")
    return name


def check_target(target: Any) -> str:
    """Return the key of a series with this target, empty for None; ValueError where it is invalid."""
    if target is None:
        return ""
    if not isinstance(target, str) or len(target) > MAX_TARGET or not target.isprintable():
        raise ValueError(f"The target must be text of at most {MAX_TARGET} printable characters.")
    return target if not target.startswith("{") else series_key({TARGET_LABEL: target})


def check_labels(labels: Any, target: Any) -> str:
    """Return the key of a series with these labels and this target; ValueError where they are invalid."""
    named = checked_labels(labels)
    if target is not None and named.setdefault(TARGET_LABEL, target) != target:
        raise ValueError(f"The label {TARGET_LABEL} and the field {TARGET_LABEL} differ. Give one of them.")
    check_target(named.get(TARGET_LABEL))
    return series_key(named)


def check_value(value: Any) -> float:
    """Return the value; ValueError where it is not a finite number."""
    if type(value) is not float and type(value) is not int:
        raise ValueError(
            f"Enter a number, for example 70 or 99.5; this is {JSON_TYPE_NAMES.get(type(value), 'something else')}."
        )
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ValueError("The number must be finite and fit into 64 bits.")
    return number


def check_time(text: Any, now: datetime) -> datetime:
    """Return the time in an ISO 8601 text with a zone; ValueError where it is invalid, or in the future."""
    return check_range(read_time(text), now)


def check_range(time: datetime, now: datetime) -> datetime:
    """Return `time`; ValueError where it is in the future, or implausibly old."""
    if time > now + AHEAD:
        raise ValueError("The time is in the future. At most 5 minutes ahead are allowed.")
    if time < EARLIEST:
        raise ValueError("The time is before the year 1900.")
    return time


JSON_TYPE_NAMES = {
    str: "a text", bool: "a truth value", type(None): "nothing", list: "a list", dict: "an object",
}  # fmt: skip
