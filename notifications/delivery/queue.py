"""The queue of deliveries: due ones are leased by a conditional UPDATE, so that no two workers send the same one.

A lease that expires belonged to a worker that died; the delivery is taken again with the same id, which is the
idempotency key.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import connection, transaction

from notifications.delivery.rate_limit import DueDelivery
from smartagent.kernel.bulk_copy import copy_rows

# Nothing goes by a channel whose breaker is open, that waits for the network, or that is not in use.
READY = "c.enabled AND c.opened_at IS NULL AND c.retry_at IS NULL"
URGENT = "array_position(ARRAY['critical', 'high', 'medium', 'low'], d.severity)"
# Whether it must be asked again if it is quiet: it is not new, and goes by a channel of its person's own.
LATE = """
d.severity <> 'critical' AND d.reason <> 'test' AND d.created_at < %(now)s - interval '5 minutes' AND EXISTS (
    SELECT FROM notification_preferences p JOIN channels own ON own.id = d.channel_id AND own.user_id = p.user_id
     WHERE p.user_id = d.user_id AND p.quiet <> '[]') AS late
"""
DELIVERY_FACTS = f"d.id, d.channel_id, d.severity, d.reason, d.attempt_count, {LATE}"
DUE_DELIVERIES_SQL = f"""
SELECT {DELIVERY_FACTS} FROM deliveries d JOIN channels c ON c.id = d.channel_id
 WHERE d.status = 'due' AND d.due_at <= %(now)s AND d.expires_at > %(now)s AND {READY}
   AND d.channel_id <> ALL(%(full)s::uuid[])
 ORDER BY d.due_at, {URGENT}, d.id LIMIT %(limit)s FOR UPDATE OF d SKIP LOCKED
"""
# What a dead worker held is due again, and is the first to be: it keeps the time at which it was due.
ABANDONED = """
UPDATE deliveries SET status = 'due', leased_until = NULL, due_at = least(due_at, %(now)s)
 WHERE id IN (SELECT id FROM deliveries WHERE status = 'sending' AND leased_until <= %(now)s
               ORDER BY leased_until LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
RETURNING id
"""
# One delivery for each channel whose wait is over; the next wait starts, so that no other worker takes one too.
PROBED = f"""
WITH ripe AS (
    SELECT c.id FROM channels c WHERE c.enabled AND c.retry_at <= %(now)s
        AND EXISTS (SELECT FROM deliveries d WHERE d.channel_id = c.id AND d.status = 'due' AND d.due_at <= %(now)s
                                               AND d.expires_at > %(now)s)
     ORDER BY c.retry_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED),
probed AS (
    SELECT ripe.id AS channel_id, d.id FROM ripe CROSS JOIN LATERAL (
        SELECT id FROM deliveries
         WHERE channel_id = ripe.id AND status = 'due' AND due_at <= %(now)s AND expires_at > %(now)s
         ORDER BY due_at, id LIMIT 1 FOR UPDATE SKIP LOCKED) AS d),
moved AS (UPDATE channels c SET retry_at = %(now)s + interval '1 minute' FROM probed p WHERE p.channel_id = c.id)
SELECT {DELIVERY_FACTS} FROM probed p JOIN deliveries d ON d.id = p.id
"""
ONE = "SELECT d.id FROM deliveries d WHERE d.id = %(only)s AND d.status = 'due' FOR UPDATE SKIP LOCKED"
TAKE = """
UPDATE deliveries d SET status = 'sending', leased_until = %(until)s, attempt_count = attempt_count + 1, cause = ''
 WHERE d.id = ANY(%(ids)s) RETURNING d.id, d.attempt_count
"""
ATTEMPT_COLUMNS = {
    "id": "uuid", "delivery_id": "uuid", "number": "int4", "outcome": "text", "excerpt": "text", "error": "text",
    "started_at": "timestamptz",
}  # fmt: skip
INTERRUPTED = """
UPDATE delivery_attempts SET outcome = 'failed', finished_at = %(now)s,
       error = 'The worker ended before it stored the result of this attempt; the message may have arrived.'
 WHERE outcome = 'started' AND delivery_id = ANY(%(ids)s)
"""
# As though it had not been taken; only whoever still holds the lease says so.
PUT_BACK = """
UPDATE deliveries d SET status = 'due', leased_until = NULL, attempt_count = d.attempt_count - 1
  FROM unnest(%(ids)s::uuid[], %(numbers)s::int[]) AS l (id, number)
 WHERE d.id = l.id AND d.status = 'sending' AND d.attempt_count = l.number
"""
NOT_MADE = "DELETE FROM delivery_attempts WHERE id = ANY(%(ids)s) AND outcome = 'started'"


@dataclass(frozen=True, slots=True)
class Lease:
    """A delivery leased by this worker, and the attempt that was stored for it; `probe`: by a channel that waits."""

    delivery: UUID
    attempt: UUID
    number: int
    taken_at: datetime
    probe: bool = False


def reclaim_abandoned(now: datetime, limit: int) -> None:
    """Make deliveries with an expired lease due again; their attempts count as failed."""
    if abandoned := [found for (found,) in _rows(ABANDONED, now=now, limit=limit)]:
        _execute(INTERRUPTED, ids=abandoned, now=now)


def breaker_probes(now: datetime, limit: int) -> list[DueDelivery]:
    """One delivery for each channel whose wait is over."""
    return [replace(DueDelivery(*row), probe=True) for row in _rows(PROBED, now=now, limit=limit)]


def due_deliveries(now: datetime, limit: int, full: Collection[UUID]) -> list[DueDelivery]:
    """Due deliveries by working channels that are not `full`, oldest and most severe first; locked."""
    return [DueDelivery(*row) for row in _rows(DUE_DELIVERIES_SQL, now=now, limit=limit, full=list(full))]


def lease(due: Sequence[DueDelivery], now: datetime, duration: timedelta) -> list[Lease]:
    """Lease these for `duration`, and store an attempt for each."""
    probes = {one.delivery for one in due if one.probe}
    return [
        replace(each, probe=each.delivery in probes) for each in _take([one.delivery for one in due], now, duration)
    ]


def lease_one(delivery: UUID, now: datetime, duration: timedelta) -> Lease | None:
    """Lease this delivery, regardless of its circuit breaker; None where it is not due, or leased by another worker."""
    with transaction.atomic():
        taken = [found for (found,) in _rows(ONE, only=delivery)]
        return next(iter(_take(taken, now, duration)), None)


def put_back(leases: Sequence[Lease]) -> None:
    """Return leased deliveries that were not attempted: they are due as before, and the attempt does not count."""
    if not leases:
        return
    with transaction.atomic():
        _execute(PUT_BACK, ids=[one.delivery for one in leases], numbers=[one.number for one in leases])
        _execute(NOT_MADE, ids=[one.attempt for one in leases])


def _take(ids: list[UUID], now: datetime, duration: timedelta) -> list[Lease]:
    if not ids:
        return []
    leases = [
        Lease(key, uuid4(), attempt_count, now) for key, attempt_count in _rows(TAKE, ids=ids, until=now + duration)
    ]
    rows = ((one.attempt, one.delivery, one.number, "started", "", "", now) for one in leases)
    copy_rows("delivery_attempts", list(ATTEMPT_COLUMNS), list(ATTEMPT_COLUMNS.values()), rows)
    return leases


def _rows(sql: str, **params: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall())


def _execute(sql: str, **params: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
