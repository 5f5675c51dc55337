"""Retention of samples: months that have ended before it are dropped, whatever the number of their rows.

A built-in metric holds its value until it changes: of each of its series the last change before the retention is kept,
in the first partition, with its time. What is older there otherwise (samples that came late; a table that was in use
before it was partitioned) is deleted in batches, in short transactions. Rows are exported before, where that is set.
"""

from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog
from django.conf import settings
from django.db import connection
from django.db.backends.utils import CursorWrapper

from rules.registries import metrics
from smartagent.adoption.partitions.expiry import drop_expired
from smartagent.adoption.partitions.layout import find_layout
from smartagent.adoption.partitions.months import month_of
from smartagent.kernel.row_export import RowExport, delete_rows

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
WITH gone AS (DELETE FROM {first} WHERE ctid = ANY(ARRAY(
    SELECT s.ctid FROM {first} s JOIN metric_series q ON q.id = s.series_id
     WHERE s.observed_at < %(before)s
       AND (q.metric <> ALL(%(held)s)
            OR EXISTS (SELECT FROM metric_samples later WHERE later.series_id = s.series_id
                        AND later.observed_at > s.observed_at AND later.observed_at < %(before)s))
     LIMIT %(limit)s)) RETURNING *)
"""
DELETE_ROLLUPS = """
WITH gone AS (DELETE FROM {table} WHERE ctid = ANY(ARRAY(
    SELECT old.ctid FROM metric_series q
     CROSS JOIN LATERAL (SELECT r.ctid FROM {table} r WHERE r.series_id = q.id AND r.ended_at < %(before)s) AS old
     LIMIT %(limit)s)) RETURNING *)
"""
COPY = "COPY (SELECT to_jsonb(s)::text FROM {table} s) TO STDOUT"


def forget_samples(now: datetime, export: RowExport | None = None) -> tuple[list[str], int]:
    """Drop the months before the retention; return their partitions, and how many rows were deleted singly."""
    if settings.SAMPLES_KEEP_DAYS <= 0:
        return [], 0
    before = month_of(now - timedelta(days=settings.SAMPLES_KEEP_DAYS))
    keep = partial(_keep_last_changes, export=export)
    dropped = [each.name for each in drop_expired(connection, SAMPLES, before, keep)]
    deleted = _delete_old(before, export)
    log.info("samples forgotten", before=before.isoformat(), dropped=dropped, deleted=deleted)
    return dropped, deleted


def forget_rollups(now: datetime, export: RowExport | None = None) -> int:
    """Drop the months of 5-minute roll-ups whose samples are dropped; delete old hours and days, series by series.
    Return how many of these."""
    deleted = 0
    if settings.SAMPLES_KEEP_DAYS > 0:
        before = month_of(now - timedelta(days=settings.SAMPLES_KEEP_DAYS))
        keep = partial(_export_whole, export=export) if export else None
        drop_expired(connection, FINE_ROLLUPS, before, keep)
    if settings.ROLLUPS_KEEP_DAYS > 0:
        params = {"before": now - timedelta(days=settings.ROLLUPS_KEEP_DAYS), "limit": DELETED_PER_STATEMENT}
        for table in COARSE_ROLLUPS:
            deleted += _delete_all(DELETE_ROLLUPS.format(table=table), table, params, export)
    return deleted


def _keep_last_changes(cursor: CursorWrapper, source: str, kept: str, export: RowExport | None) -> None:
    if export:
        _export_whole(cursor, source, kept, export)
    cursor.execute(LAST_CHANGES.format(source=source, kept=kept), [_held()])


def _export_whole(cursor: CursorWrapper, source: str, kept: str, export: RowExport) -> None:
    """Export a partition that is dropped at the end of the transaction, which lets nobody write to it."""
    with cursor.copy(COPY.format(table=source)) as copied:
        export.whole(source.strip('"'), (line for (line,) in copied.rows()))


def _delete_old(before: datetime, export: RowExport | None) -> int:
    first = find_layout(connection, SAMPLES).first
    if first is None:
        return 0
    sql = DELETE_OLD.format(first=connection.ops.quote_name(first.name))
    params: dict[str, Any] = {"before": before, "held": _held(), "limit": DELETED_PER_STATEMENT}
    return _delete_all(sql, SAMPLES, params, export)


def _delete_all(sql: str, table: str, params: dict[str, Any], export: RowExport | None) -> int:
    """Repeat the statement until it finds no more; return the number of rows."""
    total = 0
    while total < MAX_DELETED_PER_DAY:
        deleted = delete_rows(sql, {table: "gone"}, params, export)
        total += deleted
        if deleted < DELETED_PER_STATEMENT:
            break
    return total


def _held() -> list[str]:
    return [source.kind for source in metrics]
