"""Retention: archived notifications and settled deliveries with their attempts are deleted after a while.

Once a day, in batches of one statement and one short transaction each, so that locks are short. What exceeds one run is
left for the next. They are exported before, where that is set, and what was deleted is in the activity log.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import connection

from rules.storage.deletions import log_deletion
from smartagent.kernel.row_export import ExportFailed, RowExport, delete_rows, row_export

log = structlog.get_logger(__name__)
DELETED_PER_QUERY = 2000
LOOKED = 100_000  # found by one look; a table without an index for it is read once for so many
MAX_DELETED_PER_RUN = 500_000  # of each in one run

# Archived when, nobody knows of some that the old application archived: those are kept.
OLD_NOTIFICATIONS = (
    "SELECT id FROM notifications WHERE status = 'archived' AND archived_at < %(before)s LIMIT %(limit)s"
)
# What somebody has taken out of the archive meanwhile stays. The ledger keeps where the message went.
FORGET_NOTIFICATIONS = """
WITH old AS (SELECT id FROM notifications
              WHERE id = ANY(%(ids)s) AND status = 'archived' AND archived_at < %(before)s FOR UPDATE SKIP LOCKED),
     ledger AS (UPDATE deliveries SET notification_id = NULL WHERE notification_id = ANY(ARRAY(SELECT id FROM old))),
     gone AS (DELETE FROM notifications WHERE id = ANY(ARRAY(SELECT id FROM old)) RETURNING *)"""
SETTLED = "status IN ('delivered', 'bundled', 'skipped', 'dead') AND settled_at < %(before)s"
OLD_DELIVERIES = f"SELECT id FROM deliveries WHERE {SETTLED} LIMIT %(limit)s"
FORGET_DELIVERIES = f"""
WITH old AS (SELECT id FROM deliveries WHERE id = ANY(%(ids)s) AND {SETTLED} FOR UPDATE SKIP LOCKED),
     attempts AS (DELETE FROM delivery_attempts WHERE delivery_id = ANY(ARRAY(SELECT id FROM old)) RETURNING *),
     parts AS (UPDATE deliveries SET bundle_id = NULL
                WHERE bundle_id = ANY(ARRAY(SELECT id FROM old)) AND id NOT IN (SELECT id FROM old)),
     gone AS (DELETE FROM deliveries WHERE id = ANY(ARRAY(SELECT id FROM old)) RETURNING *)"""
DELETED = {
    "notifications": {"notifications": "gone"}, "deliveries": {"deliveries": "gone", "delivery_attempts": "attempts"},
}  # fmt: skip


def forget_old(now: datetime) -> dict[str, int]:
    """Delete what is older than the retention; return the numbers of notifications and deliveries."""
    kept = {
        "notifications": (settings.NOTIFICATIONS_KEEP_DAYS, OLD_NOTIFICATIONS, FORGET_NOTIFICATIONS),
        "deliveries": (settings.DELIVERIES_KEEP_DAYS, OLD_DELIVERIES, FORGET_DELIVERIES),
    }
    export, forgotten, failure = row_export(now), dict.fromkeys(kept, 0), ""
    for name, (days, find, forget) in kept.items():
        try:
            for count in _forget(name, find, forget, now - timedelta(days=days), export) if days > 0 else ():
                forgotten[name] += count
        except ExportFailed as error:
            failure = str(error)
    log_deletion(forgotten, export, now, failure)
    log.info("forgotten", **forgotten)
    return forgotten


def _forget(name: str, find: str, forget: str, before: datetime, export: RowExport | None) -> Iterator[int]:
    """Delete in batches; yield the number of rows of each."""
    total = 0
    while total < MAX_DELETED_PER_RUN and (ids := _found(find, before)):
        done = 0
        for batch in _batches(ids):
            count = delete_rows(forget, DELETED[name], {"ids": batch, "before": before}, export)
            done += count
            yield count
        total += done
        if len(ids) < LOOKED or not done:  # that was all, or others hold what is left
            break


def _found(find: str, before: datetime) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(find, {"before": before, "limit": LOOKED})
        return [key for (key,) in cursor.fetchall()]


def _batches(ids: list[Any]) -> Iterator[list[Any]]:
    for first in range(0, len(ids), DELETED_PER_QUERY):
        yield ids[first : first + DELETED_PER_QUERY]
