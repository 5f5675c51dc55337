"""Retention of samples: months that have ended before it are dropped, whatever the number of their rows.

A built-in metric holds its value until it changes: of each of its series the last change before the retention is kept,
in the first partition, with its time. What is older there otherwise (samples that came late; a table that was in use
before it was partitioned) is deleted in batches, in short transactions.
"""

from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from rules.registries import metrics
from smartagent.adoption.partitions.expiry import drop_expired
from smartagent.adoption.partitions.layout import find_layout
from smartagent.adoption.partitions.months import month_of

log = structlog.get_logger(__name__)
SAMPLES, FINE_ROLLUPS = "metric_samples", "metric_rollups_5m"
COARSE_ROLLUPS = ("metric_rollups_1h", "metric_rollups_1d")
DELETED_PER_STATEMENT, MAX_DELETED_PER_DAY = 50_000, 5_000_000  # rows
LAST_CHANGES = """
INSERT INTO {kept} (series_id, observed_at, value)
SELECT DISTINCT ON (s.series_id) s.series_id, s.observed_at, s.value
  FROM {source} s JOIN metric_series q ON q.id = s.series_id
 WHERE q.metric = ANY(%s) AND NOT EXISTS (SELECT FROM {kept} k WHERE k.series_id = s.series_id)
 ORDER BY s.series_id, s.observed_at DESC
"""
DELETE_OLD = """
DELETE FROM {first} WHERE ctid = ANY(ARRAY(
    SELECT s.ctid FROM {first} s JOIN metric_series q ON q.id = s.series_id
     WHERE s.observed_at < %(before)s
       AND (q.metric <> ALL(%(held)s)
            OR EXISTS (SELECT FROM metric_samples later WHERE later.series_id = s.series_id
                        AND later.observed_at > s.observed_at AND later.observed_at < %(before)s))
     LIMIT %(limit)s))
"""
DELETE_ROLLUPS = """
DELETE FROM {table} WHERE ctid = ANY(ARRAY(
    SELECT old.ctid FROM metric_series q
     CROSS JOIN LATERAL (SELECT r.ctid FROM {table} r WHERE r.series_id = q.id AND r.ended_at < %(before)s) AS old
     LIMIT %(limit)s))
"""


def forget_samples(now: datetime) -> tuple[list[str], int]:
    """Drop the months before the retention; return their partitions, and how many rows were deleted singly."""
    if settings.SAMPLES_KEEP_DAYS <= 0:
        return [], 0
    before = month_of(now - timedelta(days=settings.SAMPLES_KEEP_DAYS))
    dropped = [each.name for each in drop_expired(connection, SAMPLES, before, _keep_last_changes)]
    deleted = _delete_old(before)
    log.info("samples forgotten", before=before.isoformat(), dropped=dropped, deleted=deleted)
    return dropped, deleted


def forget_rollups(now: datetime) -> None:
    """Drop the months of 5-minute roll-ups whose samples are dropped; delete old hours and days, series by series."""
    if settings.SAMPLES_KEEP_DAYS > 0:
        drop_expired(connection, FINE_ROLLUPS, month_of(now - timedelta(days=settings.SAMPLES_KEEP_DAYS)))
    if settings.ROLLUPS_KEEP_DAYS > 0:
        params = {"before": now - timedelta(days=settings.ROLLUPS_KEEP_DAYS), "limit": DELETED_PER_STATEMENT}
        for table in COARSE_ROLLUPS:
            _delete_all(DELETE_ROLLUPS.format(table=table), params)


def _keep_last_changes(cursor: CursorWrapper, source: str, kept: str) -> None:
    cursor.execute(LAST_CHANGES.format(source=source, kept=kept), [_held()])


def _delete_old(before: datetime) -> int:
    first = find_layout(connection, SAMPLES).first
    if first is None:
        return 0
    sql = DELETE_OLD.format(first=connection.ops.quote_name(first.name))
    params: dict[str, Any] = {"before": before, "held": _held(), "limit": DELETED_PER_STATEMENT}
    return _delete_all(sql, params)


def _delete_all(sql: str, params: dict[str, Any]) -> int:
    """Repeat the statement until it finds no more; return the number of rows."""
    total = 0
    while total < MAX_DELETED_PER_DAY:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql, params)
            deleted = int(cursor.rowcount)
        total += deleted
        if deleted < DELETED_PER_STATEMENT:
            break
    return total


def _held() -> list[str]:
    return [source.kind for source in metrics]
