"""Outcomes of attempts, stored in batches; and the expiry of deliveries."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from notifications.delivery.breaker_notices import breaker_notice
from notifications.delivery.circuit_breaker import NETWORK_WAIT, Breaker, failed, not_reached, succeeded
from notifications.delivery.digests import CHANNEL_GONE
from notifications.delivery.process_metrics import count_outcomes, observe_latencies
from notifications.delivery.queue import Lease
from notifications.delivery.retries import next_wait
from notifications.gateway import post
from notifications.models import Channel, Delivery

# Only whoever still holds the lease says what became of the delivery; of a message that arrived everybody may.
DELIVERIES = """
UPDATE deliveries d
   SET status = r.status, cause = r.cause, due_at = r.due_at, leased_until = NULL,
       attempt_count = d.attempt_count - CASE WHEN r.counts THEN 0 ELSE 1 END,
       settled_at = CASE WHEN r.status = 'due' THEN NULL ELSE %(now)s::timestamptz END
  FROM unnest(%(delivery)s::uuid[], %(number)s::int[], %(status)s::text[], %(cause)s::text[], %(due_at)s::timestamptz[],
              %(counts)s::bool[]) AS r (delivery, number, status, cause, due_at, counts)
 WHERE d.id = r.delivery AND d.status = 'sending' AND (d.attempt_count = r.number OR r.status = 'delivered')
RETURNING d.kind, d.status, extract(epoch FROM %(now)s::timestamptz - d.created_at)::float8
"""
UPDATE_ATTEMPTS = """
UPDATE delivery_attempts a
   SET outcome = r.outcome, code = r.code, milliseconds = r.milliseconds, excerpt = r.excerpt, error = r.cause,
       finished_at = %(now)s
  FROM unnest(%(attempt)s::uuid[], %(outcome)s::text[], %(code)s::int[], %(milliseconds)s::float8[],
              %(excerpt)s::text[], %(cause)s::text[]) AS r (attempt, outcome, code, milliseconds, excerpt, cause)
 WHERE a.id = r.attempt
"""
TROUBLED = """
SELECT id FROM channels
 WHERE id = ANY(%(channels)s) AND (failures > 0 OR opened_at IS NOT NULL OR works_since IS NULL)
"""
EXPIRED = """
UPDATE deliveries d
   SET status = CASE WHEN d.status = 'waiting' THEN 'skipped' ELSE 'dead' END, settled_at = %(now)s, due_at = NULL,
       cause = CASE WHEN d.status = 'waiting' THEN 'Expired without a channel.'
                    WHEN NOT c.enabled THEN 'Expired: the channel was disabled.'
                    ELSE trim('It expired before it could be sent. ' || d.cause) END
  FROM deliveries o LEFT JOIN channels c ON c.id = o.channel_id
 WHERE o.id = d.id AND d.status IN ('due', 'waiting') AND o.status IN ('due', 'waiting') AND o.expires_at <= %(now)s
RETURNING d.kind, d.status
"""
ORPHANED = """
UPDATE deliveries SET status = 'skipped', settled_at = %(now)s, due_at = NULL, cause = %(cause)s
 WHERE status = 'due' AND channel_id IS NULL
RETURNING kind, status
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The outcome of one attempt: no error, or an error and whether it is permanent. `needless` means that there was
    nothing left to send, `network_down` that the attempt says nothing about the receiver: it does not count.
    `chance`, 0 to 1, is the jitter of the next retry."""

    lease: Lease
    channel: UUID | None
    error: str = ""
    note: str = ""  # a remark on the attempt, also of a successful one
    permanent: bool = False
    needless: bool = False
    network_down: bool = False
    code: int | None = None
    excerpt: str = ""
    milliseconds: float = 0.0
    retry_after: timedelta | None = None
    chance: float = 0.5

    @property
    def delivered(self) -> bool:
        """Whether the receiver accepted the message."""
        return not self.error


def record(results: Sequence[Result], now: datetime) -> None:
    """Store results in one transaction: deliveries, attempts, circuit breakers, and notifications to their owners."""
    if not results:
        return
    rows = [_row(result, now) for result in results]
    with transaction.atomic(), connection.cursor() as cursor:
        params: dict[str, Any] = {name: [row[name] for row in rows] for name in rows[0]} | {"now": now}
        cursor.execute(DELIVERIES, params)
        stored = cursor.fetchall()
        cursor.execute(UPDATE_ATTEMPTS, params)
        _move_breakers(cursor, results, now)
    count_outcomes((kind, status) for kind, status, _ in stored)
    observe_latencies((kind, seconds) for kind, status, seconds in stored if status == Delivery.Status.DELIVERED)


def expire(now: datetime) -> int:
    """Expire deliveries that were not sent in time or lost their channel; return their number."""
    with connection.cursor() as cursor:
        cursor.execute(ORPHANED, {"now": now, "cause": CHANNEL_GONE})
        expired = cursor.fetchall()
        cursor.execute(EXPIRED, {"now": now})
        expired += cursor.fetchall()
    count_outcomes(expired)
    return len(expired)


def _row(result: Result, now: datetime) -> dict[str, Any]:
    status, outcome, due = "delivered", "delivered", None
    if not result.delivered:
        due = _due_again(result, now)
        status = "due" if due else "skipped" if result.needless else "dead"
        outcome = "refused" if result.permanent else "failed"
    return {
        "delivery": result.lease.delivery, "attempt": result.lease.attempt, "number": result.lease.number,
        "status": status, "outcome": outcome, "code": result.code,
        "counts": not result.network_down, "cause": _storable(f"{result.error} {result.note}".strip()),
        "due_at": due, "milliseconds": result.milliseconds,
        "excerpt": _storable(result.excerpt),
    }  # fmt: skip


def _due_again(result: Result, now: datetime) -> datetime | None:
    """When a delivery that failed is tried again, None where it is not."""
    if result.network_down:
        return now + NETWORK_WAIT
    pause = None if result.permanent else next_wait(result.lease.number, result.chance, result.retry_after)
    return now + pause if pause else None


def _storable(text: str) -> str:
    """The text without what PostgreSQL cannot store: NUL and unpaired surrogates."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


def _move_breakers(cursor: Any, results: Sequence[Result], now: datetime) -> None:
    """Update circuit breakers. Channels that succeed as before are skipped, which is nearly all of them."""
    of_channel: dict[UUID, list[Result]] = defaultdict(list)
    for result in results:
        if result.channel:
            of_channel[result.channel].append(result)
    touched = {key for key, some in of_channel.items() if not all(result.delivered for result in some)}
    cursor.execute(TROUBLED, {"channels": list(of_channel)})
    touched |= {key for (key,) in cursor.fetchall()}
    if not touched:
        return
    for channel in Channel.objects.select_for_update().filter(pk__in=touched).order_by("pk"):
        _move(channel, of_channel[channel.pk], now)


def _move(channel: Channel, results: Sequence[Result], now: datetime) -> None:
    before = Breaker(channel.failures, channel.opened_at, channel.retry_at, channel.cause)
    after = before
    for result in results:  # in the order in which they came back
        after = succeeded(after) if result.delivered else _failed(after, result, now)
    works_since = channel.works_since or (now if any(result.delivered for result in results) else None)
    if after == before and works_since == channel.works_since:
        return
    channel.works_since = works_since
    channel.failures, channel.opened_at, channel.retry_at, channel.cause = (
        after.failures, after.opened_at, after.retry_at, after.cause,
    )  # fmt: skip
    channel.save(update_fields=["failures", "opened_at", "retry_at", "cause", "works_since"])
    if before.is_open != after.is_open:
        post([breaker_notice(channel, now)], now)


def _failed(breaker: Breaker, result: Result, now: datetime) -> Breaker:
    if result.network_down:
        return not_reached(breaker, now, _storable(result.error), probe=result.lease.probe)
    return failed(
        breaker, now, _storable(result.error), permanent=result.permanent, begun=result.lease.taken_at,
        requested=result.retry_after,
    )  # fmt: skip
