"""Storage of samples: checked one by one, written all or none.

A sample replaces one of the same series and time.
"""

import math
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from psycopg.types.json import Jsonb

from rules.engine.series_labels import MAX_TARGET, TARGET, checked_labels, labels_of, series_key
from rules.registries import metrics
from smartagent.kernel.bulk_copy import copy_rows
from smartagent.kernel.times import read_time

SeriesKey = tuple[UUID | None, str, str]  # whose, metric, and the key of the labels
Row = tuple[UUID | None, str, str, float, datetime]  # those of its series, value, observed_at

# The names of Prometheus, with the dots of OpenTelemetry and InfluxDB, and hyphens.
METRIC_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_.:-]{0,199}")
MAX_METRIC_NAME = 200
METRIC_NAME_HELP = (
    f"A name starts with a letter, _ or : and contains only letters, digits and _ . : -, at most {MAX_METRIC_NAME} "
    "characters, for example cpu or queue_depth."
)
EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
AHEAD = timedelta(minutes=5)

STAGE = """
DROP TABLE IF EXISTS incoming_samples, incoming_series;
CREATE TEMP TABLE incoming_samples (n int8, place int4, value float8, observed_at timestamptz) ON COMMIT DROP;
CREATE TEMP TABLE incoming_series (place int4, user_id uuid, metric text, target text, labels jsonb, series_id int8)
    ON COMMIT DROP
"""
SAMPLE_COLUMNS = {"n": "int8", "place": "int4", "value": "float8", "observed_at": "timestamptz"}
SERIES_COLUMNS = {"place": "int4", "user_id": "uuid", "metric": "text", "target": "text", "labels": "jsonb"}
# Two statements, of which each can use an index. In one order, so that two pushes wait for each other at most.
FIND_SERIES = [
    f"""UPDATE incoming_series i SET series_id = q.id FROM metric_series q
         WHERE i.series_id IS NULL AND q.metric = i.metric AND q.target = i.target AND {whose}"""
    for whose in ("q.user_id = i.user_id", "q.user_id IS NULL AND i.user_id IS NULL")
]
MAKE_SERIES = """
INSERT INTO metric_series (user_id, metric, target, labels)
SELECT user_id, metric, target, labels FROM incoming_series WHERE series_id IS NULL ORDER BY user_id, metric, target
    ON CONFLICT DO NOTHING
"""
INSERT = """
INSERT INTO metric_samples (series_id, observed_at, value)
SELECT DISTINCT ON (q.series_id, i.observed_at) q.series_id, i.observed_at, i.value
  FROM incoming_samples i JOIN incoming_series q USING (place) ORDER BY q.series_id, i.observed_at, i.n DESC
    ON CONFLICT (series_id, observed_at) DO UPDATE SET value = excluded.value
"""


def store(rows: Iterable[Row]) -> int:
    """Store `rows` in one transaction, replacing samples of the same series and time; return their number.

    Of two rows for one series and time the last one counts. Rows are streamed. An exception from the iteration is
    passed on, and nothing is written.
    """
    places: dict[SeriesKey, int] = {}
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(STAGE)
        count = copy_rows(
            "incoming_samples", list(SAMPLE_COLUMNS), list(SAMPLE_COLUMNS.values()), _placed(rows, places)
        )
        copy_rows("incoming_series", list(SERIES_COLUMNS), list(SERIES_COLUMNS.values()), _described(places))
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE incoming_samples, incoming_series")
            for statement in (*FIND_SERIES, MAKE_SERIES, *FIND_SERIES, INSERT):
                cursor.execute(statement)
            cursor.execute("DROP TABLE incoming_samples, incoming_series")
    return count


def _placed(rows: Iterable[Row], places: dict[SeriesKey, int]) -> Iterator[tuple[int, int, float, datetime]]:
    """The rows with the place of their series, which is noted in `places`."""
    for n, (user, metric, target, value, at) in enumerate(rows):
        yield n, places.setdefault((user, metric, target), len(places)), value, at


def _described(places: dict[SeriesKey, int]) -> Iterator[tuple[Any, ...]]:
    for (user, metric, target), place in places.items():
        yield place, user, metric, target, Jsonb(labels_of(target))


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
    return target if not target.startswith("{") else series_key({TARGET: target})


def check_labels(labels: Any, target: Any) -> str:
    """Return the key of a series with these labels and this target; ValueError where they are invalid."""
    named = checked_labels(labels)
    if target is not None and named.setdefault(TARGET, target) != target:
        raise ValueError(f"The label {TARGET} and the field {TARGET} differ. Give one of them.")
    check_target(named.get(TARGET))
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
