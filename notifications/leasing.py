"""Which deliveries are taken next: leased by one conditional UPDATE, so that no two workers send the same one.

A lease that runs out was of a worker that died; the delivery is taken again, with the same id, and so the same
idempotency key.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import connection, transaction

from notifications.rates import allowed
from smartagent.copying import copy_rows

# Nothing goes by a channel whose breaker is open, or that is not in use.
READY = "c.enabled AND c.opened_at IS NULL"
URGENT = "array_position(ARRAY['critical', 'high', 'medium', 'low'], d.severity)"
DUE = f"""
SELECT d.id, d.channel_id FROM deliveries d JOIN channels c ON c.id = d.channel_id
 WHERE d.status = 'due' AND d.due_at <= %(now)s AND {READY}
 ORDER BY d.due_at, {URGENT}, d.id LIMIT %(limit)s FOR UPDATE OF d SKIP LOCKED
"""
ABANDONED = """
SELECT d.id, d.channel_id FROM deliveries d
 WHERE d.status = 'sending' AND d.leased_until <= %(now)s ORDER BY d.leased_until LIMIT %(limit)s FOR UPDATE SKIP LOCKED
"""
# One delivery for each open breaker whose time has come; the channel's time moves on, so that nobody else tries too.
PROBED = """
WITH ripe AS (
    SELECT id FROM channels WHERE enabled AND opened_at IS NOT NULL AND retry_at <= %(now)s
     ORDER BY retry_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED),
probed AS (
    SELECT ripe.id AS channel_id, d.id FROM ripe CROSS JOIN LATERAL (
        SELECT id FROM deliveries WHERE channel_id = ripe.id AND status = 'due'
         ORDER BY due_at, id LIMIT 1 FOR UPDATE SKIP LOCKED) AS d),
moved AS (UPDATE channels c SET retry_at = %(now)s + interval '1 minute' FROM probed p WHERE p.channel_id = c.id)
SELECT id, channel_id FROM probed
"""
ONE = "SELECT d.id, d.channel_id FROM deliveries d WHERE d.id = %(only)s AND d.status = 'due' FOR UPDATE SKIP LOCKED"
TAKE = """
UPDATE deliveries d SET status = 'sending', leased_until = %(until)s, tries = tries + 1, cause = ''
 WHERE d.id = ANY(%(ids)s) RETURNING d.id, d.tries
"""
ATTEMPTS = {
    "id": "uuid", "delivery_id": "uuid", "number": "int4", "outcome": "text", "excerpt": "text", "error": "text",
    "started_at": "timestamptz",
}  # fmt: skip
INTERRUPTED = """
UPDATE delivery_attempts SET outcome = 'failed', finished_at = %(now)s,
       error = 'The worker ended before it wrote down what came of this; the message may have arrived.'
 WHERE outcome = 'started' AND delivery_id = ANY(%(ids)s)
"""


@dataclass(frozen=True, slots=True)
class Lease:
    """A delivery that is ours for a while, and the attempt that was written down for it."""

    delivery: UUID
    attempt: UUID
    number: int


def lease(now: datetime, limit: int, duration: timedelta) -> list[Lease]:
    """Take at most `limit` deliveries that are due, those of dead workers first, for `duration`."""
    with transaction.atomic():
        abandoned = _rows(ABANDONED, now=now, limit=limit)
        taken = [*abandoned, *_rows(PROBED, now=now, limit=limit)]
        if len(taken) < limit:
            taken += allowed(_rows(DUE, now=now, limit=limit - len(taken)), now, settings.NOTIFICATIONS_PER_MINUTE)
        return _take([delivery for delivery, _ in taken], [delivery for delivery, _ in abandoned], now, duration)


def lease_one(delivery: UUID, now: datetime, duration: timedelta) -> Lease | None:
    """Take this one, whatever the breaker says; None where it is not due, or somebody else has it."""
    with transaction.atomic():
        taken = [found for found, _ in _rows(ONE, only=delivery)]
        return next(iter(_take(taken, [], now, duration)), None)


def _take(ids: list[UUID], abandoned: list[UUID], now: datetime, duration: timedelta) -> list[Lease]:
    if not ids:
        return []
    if abandoned:
        _execute(INTERRUPTED, ids=abandoned, now=now)
    leases = [Lease(key, uuid4(), tries) for key, tries in _rows(TAKE, ids=ids, until=now + duration)]
    rows = ((one.attempt, one.delivery, one.number, "started", "", "", now) for one in leases)
    copy_rows("delivery_attempts", list(ATTEMPTS), list(ATTEMPTS.values()), rows)
    return leases


def _rows(sql: str, **params: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall())


def _execute(sql: str, **params: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
