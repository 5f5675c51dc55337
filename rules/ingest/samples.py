"""Storage of samples: checked one by one, written all or none.

A sample replaces one of the same series and time.
"""

import hashlib
import math
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from rules.registries import metrics
from smartagent.kernel.bulk_copy import copy_rows
from smartagent.kernel.times import read_time

Row = tuple[UUID | None, str, str, float, datetime]  # whose, metric, target, value, observed_at

METRIC_NAME = re.compile(r"[a-z][a-z0-9_.:-]{0,99}")
EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
AHEAD = timedelta(minutes=5)
LONGEST_TARGET = 200
LOCK_BUCKETS = 64  # so many series are written at once; those that share a lock, one after the other

SAMPLE_COLUMNS = ["n", "user_id", "metric", "target", "value", "observed_at"]
SAMPLE_COLUMN_TYPES = ["int8", "uuid", "text", "text", "float8", "timestamptz"]
STAGE = """
DROP TABLE IF EXISTS incoming_samples;
CREATE TEMP TABLE incoming_samples (n int8, user_id uuid, metric text, target text, value float8,
                                    observed_at timestamptz) ON COMMIT DROP
"""
LOCK_BUCKETS_SQL = """
SELECT pg_advisory_xact_lock(%(space)s, bucket)
  FROM (SELECT DISTINCT abs(hashtext(coalesce(user_id::text, '') || metric) %% %(locks)s) AS bucket
          FROM incoming_samples ORDER BY 1) AS buckets
"""
DELETE_OF_PEOPLE = """
DELETE FROM metric_samples s USING incoming_samples i
 WHERE s.user_id = i.user_id AND s.metric = i.metric AND s.target = i.target AND s.observed_at = i.observed_at
"""
DELETE_OF_PLATFORM = """
DELETE FROM metric_samples s USING incoming_samples i
 WHERE s.user_id IS NULL AND i.user_id IS NULL
   AND s.metric = i.metric AND s.target = i.target AND s.observed_at = i.observed_at
"""
INSERT = """
INSERT INTO metric_samples (user_id, metric, target, value, observed_at)
SELECT DISTINCT ON (user_id, metric, target, observed_at) user_id, metric, target, value, observed_at
  FROM incoming_samples ORDER BY user_id, metric, target, observed_at, n DESC
"""
LOCK_SPACE = int.from_bytes(hashlib.sha256(b"rules.ingest.samples").digest()[:3])


def store(rows: Iterable[Row]) -> int:
    """Store `rows` in one transaction, replacing samples of the same series and time; return their number.

    Of two rows for one series and time the last one counts. Rows are streamed. An exception from the iteration is
    passed on, and nothing is written.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(STAGE)
        count = copy_rows(
            "incoming_samples", SAMPLE_COLUMNS, SAMPLE_COLUMN_TYPES, ((n, *row) for n, row in enumerate(rows))
        )
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE incoming_samples")
            cursor.execute(LOCK_BUCKETS_SQL, {"space": LOCK_SPACE, "locks": LOCK_BUCKETS})
            for statement in (DELETE_OF_PEOPLE, DELETE_OF_PLATFORM, INSERT):
                cursor.execute(statement)
            cursor.execute("DROP TABLE incoming_samples")
    return count


def check_metric(name: Any) -> str:
    """Return the name of a pushed metric; ValueError where it is invalid."""
    if not isinstance(name, str):
        raise ValueError('Enter the metric name as text, for example "cpu".')
    if name in metrics:
        raise ValueError(f"{name} is a built-in metric and cannot be pushed.")
    if not METRIC_NAME.fullmatch(name):
        raise ValueError(
            f"“{name[:40]}” is not a metric name. A name starts with a lowercase letter and contains only "
            "lowercase letters, digits and _ . : -, at most 100 characters."
        )
    return name


def check_target(target: Any) -> str:
    """Return the target, empty for None; ValueError where it is invalid."""
    if target is None:
        return ""
    if not isinstance(target, str) or len(target) > LONGEST_TARGET or not target.isprintable():
        raise ValueError(f"The target must be text of at most {LONGEST_TARGET} printable characters.")
    return target


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
