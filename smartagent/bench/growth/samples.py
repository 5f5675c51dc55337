"""Samples of 10,000 series, one a minute of each: what a longer time costs. Rules watch averages of the last hour."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.utils import timezone

from rules.evaluation.dispatcher import dispatch
from rules.ingest.storage import store
from rules.models import DispatchRun
from rules.storage.rollups import roll_up
from smartagent.bench.growth.sizes import Measured, bytes_of, seconds_of
from smartagent.bench.people import make_people
from smartagent.bench.scratch import scratch_database

SERIES, RULES, MINUTES_AT_ONCE = 10_000, 1000, 240
MAKE_SERIES = f"""
INSERT INTO metric_series (user_id, metric, target, labels)
SELECT NULL, 'load_' || n % {RULES}, '{{host="h' || n || '"}}', jsonb_build_object('host', 'h' || n)
  FROM generate_series(0, {SERIES} - 1) n"""
MAKE_RULES = f"""
INSERT INTO automation_rules (user_id, rule_name, metric_type, condition_operator, threshold_value, action_type,
                              series_mode, matchers, reducer, evaluation_window)
SELECT u.id, 'Load ' || n, 'load_' || n, '>', 1000, 'alert', 'each', '["host!=\\"none\\""]', 'avg', interval '1 hour'
  FROM smartagent_users u, generate_series(0, {RULES} - 1) n"""
MAKE_SAMPLES = """
INSERT INTO metric_samples (series_id, observed_at, value)
SELECT q.id, %s::timestamptz - interval '1 minute' * m, 50 + 30 * sin(m / 90.0 + q.id)
  FROM generate_series(%s, %s, -1) m, metric_series q"""
ROLLUPS = ("metric_rollups_5m", "metric_rollups_1h", "metric_rollups_1d")
Row = tuple[UUID | None, str, str, float, datetime]


def measure_samples(size: int) -> Measured:
    """So many samples in a database of their own."""
    with scratch_database():
        now = timezone.now()
        make_people(1)
        _fill(size, now)
        figures: Measured = {("first roll-up of all samples", "s"): seconds_of(lambda: roll_up(now), rounds=1)}
        _run("VACUUM ANALYZE")
        dispatch(now, DispatchRun.Trigger.COMMAND)  # which makes the instances
        return figures | {
            (f"evaluation of {RULES:,} rules on {SERIES:,} series", "s"): seconds_of(lambda: _evaluate(now)),
            (f"storing {SERIES:,} samples", "s"): seconds_of(_stored_from(now)),
            ("samples on disk", "bytes"): bytes_of("metric_samples"),
            ("roll-ups on disk", "bytes"): bytes_of(*ROLLUPS),
        }  # fmt: skip


def _fill(size: int, now: datetime) -> None:
    """In the order of time, some hours in each transaction."""
    _run(MAKE_SERIES)
    _run(MAKE_RULES)
    minutes = -(-size // SERIES)
    for first in range(minutes, 0, -MINUTES_AT_ONCE):
        with connection.cursor() as cursor:
            cursor.execute(MAKE_SAMPLES, [now, first, max(1, first - MINUTES_AT_ONCE + 1)])
    _run("VACUUM ANALYZE")


def _evaluate(now: datetime) -> None:
    dispatch(now, DispatchRun.Trigger.COMMAND)


def _stored_from(now: datetime) -> "Stored":
    return Stored(_scrapes(now))


class Stored:
    """Stores the next scrape each time it is called."""

    def __init__(self, scrapes: Iterator[list[Row]]) -> None:
        self.scrapes = scrapes

    def __call__(self) -> None:
        store(next(self.scrapes), max_series=settings.MAX_SERIES_PER_PERSON)


def _scrapes(now: datetime) -> Iterator[list[Row]]:
    """One new sample of each series, later and later."""
    number = 0
    while True:
        number += 1
        at = now + timedelta(seconds=number)
        yield [(None, f"load_{n % RULES}", f'{{host="h{n}"}}', 50.0, at) for n in range(SERIES)]


def _run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
