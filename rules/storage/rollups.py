"""Roll-ups, kept up to date once an hour.

1. What is written from now on with a time before `until` is noted as late (NOTE_LATE); once that is committed, nobody
is writing such samples unseen; 2. the samples since the last time are rolled up to periods of 5 minutes, these to
hours, and hours to days that have ended; 3. hours that got samples late are rolled up again, with their days.

Each stretch is a transaction of its own: an interrupted run is completed by the next.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from rules.models.rollups import ROLLED_SAMPLES, ROLLUP_LOCK, RollupProgress, period_end_sql
from smartagent.adoption.lock_retries import patiently

log = structlog.get_logger(__name__)
GRACE = timedelta(minutes=15)  # after the end of an hour, until it is rolled up
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
STRETCH = timedelta(days=31)  # rolled up in one transaction
LATE_PER_TRANSACTION, MAX_LATE_PER_RUN = 20_000, 2_000_000  # hours of series
WITHOUT_RETENTION = timedelta(days=10 * 365)  # how far back the first roll-up begins where samples are kept for ever
ROLLUP_COLUMNS = "series_id, ended_at, min, max, sum, count, last"
REPLACES = """ON CONFLICT (series_id, ended_at) DO UPDATE
   SET min = excluded.min, max = excluded.max, sum = excluded.sum, count = excluded.count, last = excluded.last"""
ROLLED_AGAIN = "min(min), max(max), sum(sum), sum(count), (array_agg(last ORDER BY ended_at DESC))[1]"
# `spans` has series_id, after and until: whole hours.
ROLL_HOURS = f"""
WITH fine AS (
    INSERT INTO metric_rollups_5m ({ROLLUP_COLUMNS})
    SELECT spans.series_id, rolled.* FROM ({{spans}}) AS spans
     CROSS JOIN LATERAL (
        SELECT {period_end_sql("5 minutes", "observed_at")}, {ROLLED_SAMPLES} FROM metric_samples s
         WHERE s.series_id = spans.series_id AND s.observed_at > spans.after AND s.observed_at <= spans.until
         GROUP BY 1) AS rolled
    {REPLACES} RETURNING *)
INSERT INTO metric_rollups_1h ({ROLLUP_COLUMNS})
SELECT series_id, {period_end_sql("1 hour", "ended_at")}, {ROLLED_AGAIN} FROM fine GROUP BY 1, 2
{REPLACES}
"""
ROLL_DAYS = f"""
INSERT INTO metric_rollups_1d ({ROLLUP_COLUMNS})
SELECT spans.series_id, rolled.* FROM ({{spans}}) AS spans
 CROSS JOIN LATERAL (
    SELECT {period_end_sql("1 day", "ended_at")}, {ROLLED_AGAIN} FROM metric_rollups_1h h
     WHERE h.series_id = spans.series_id AND h.ended_at > spans.after AND h.ended_at <= spans.until
     GROUP BY 1) AS rolled
{REPLACES}
"""
EVERY_SERIES = (
    "SELECT id AS series_id, %(after)s::timestamptz AS after, %(until)s::timestamptz AS until FROM metric_series"
)
TAKE_LATE = """
CREATE TEMP TABLE late_now ON COMMIT DROP AS
WITH taken AS (DELETE FROM metric_rollup_late WHERE ctid = ANY(ARRAY(
                   SELECT ctid FROM metric_rollup_late LIMIT %(limit)s))
               RETURNING series, ended_at)
SELECT q.id AS series_id, t.ended_at - interval '1 hour' AS after, t.ended_at AS until
  FROM taken t JOIN metric_series q ON q.id = t.series
"""
LATE_DAYS = """
SELECT DISTINCT series_id, {day} - interval '1 day' AS after, {day} AS until FROM late_now
 WHERE {day} <= %(rolled_until)s""".format(day=period_end_sql("1 day", "until"))


def roll_up(now: datetime) -> tuple[datetime, int]:
    """Roll up what was written since the last time; return until when, and how many hours of series came late."""
    until = hour_before(now - GRACE)
    for after, end in _stretches(until, now):
        patiently(connection, "roll-ups", lambda: _note_until(end))  # noqa: B023 it is called at once
        _roll_stretch(after, end)
    late = _roll_late()
    log.info("rolled up", until=until.isoformat(), late=late)
    return until, late


def hour_before(time: datetime) -> datetime:
    """The last whole hour that is not after `time`."""
    return time.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _day_before(time: datetime) -> datetime:
    return hour_before(time).replace(hour=0)


def _stretches(until: datetime, now: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Beginning and end of each stretch that is not rolled up yet."""
    done = RollupProgress.objects.values_list("rolled_until", flat=True).first()
    kept = timedelta(days=settings.SAMPLES_KEEP_DAYS) if settings.SAMPLES_KEEP_DAYS > 0 else WITHOUT_RETENTION
    after = done or _day_before(now - kept)
    while after < until:
        end = min(after + STRETCH, until)
        yield after, end
        after = end


def _note_until(end: datetime) -> None:
    """From here on, samples up to `end` are late. The lock waits for transactions that did not know."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ROLLUP_LOCK])
    first = {"rolled_until": datetime(1900, 1, 1, tzinfo=UTC), "noted_until": end}
    RollupProgress.objects.update_or_create(
        id=RollupProgress.ONLY, defaults={"noted_until": end}, create_defaults=first
    )


def _roll_stretch(after: datetime, end: datetime) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(ROLL_HOURS.format(spans=EVERY_SERIES), {"after": after, "until": end})
        days = {"after": _day_before(after), "until": _day_before(end)}
        if days["after"] < days["until"]:
            cursor.execute(ROLL_DAYS.format(spans=EVERY_SERIES), days)
        RollupProgress.objects.update(rolled_until=end)


def _roll_late() -> int:
    total = 0
    while total < MAX_LATE_PER_RUN:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(TAKE_LATE, {"limit": LATE_PER_TRANSACTION})
            taken = int(cursor.rowcount)
            if taken:
                _roll_taken(cursor)
            cursor.execute("DROP TABLE late_now")
        total += taken
        if not taken:
            break
    return total


def _roll_taken(cursor: CursorWrapper) -> None:
    """Roll up the hours in `late_now`, in a statement of its own: it sees whatever is committed by now."""
    cursor.execute("ANALYZE late_now")
    cursor.execute(ROLL_HOURS.format(spans="SELECT * FROM late_now"))
    params: dict[str, Any] = {"rolled_until": RollupProgress.objects.values_list("rolled_until", flat=True).get()}
    cursor.execute(ROLL_DAYS.format(spans=LATE_DAYS), params)
