"""Digests: many deliveries become one, after quiet hours, for daily digests, and beyond a rate limit."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID, uuid4

from django.db import connection, transaction
from django.db.models import Count, F

from notifications.models import Channel, Delivery
from notifications.models.delivery_querysets import DeliveryQuerySet
from notifications.routing.router import NOTIFICATION_TTL, SEVERITIES
from smartagent.kernel.formats import counted

# Notifications of alerts that have resolved since: a later entry of the instance says so. And resolved notifications
# whose first one is still among `ids`: nobody was notified of the alert.
RESOLVED = """
WITH notified AS (
    SELECT d.id, d.reason, d.channel_id, e.rule_id, e.state_id, e.created_at
      FROM deliveries d JOIN notifications n ON n.id = d.notification_id
      JOIN agent_activity_log e ON e.id::text = n.metadata->>'entry'
     WHERE d.id = ANY(%(ids)s))
SELECT t.id FROM notified t
 WHERE CASE WHEN t.reason = 'resolved'
            THEN EXISTS (SELECT FROM notified AS first
                          WHERE first.state_id = t.state_id AND first.channel_id = t.channel_id
                            AND first.reason = 'first' AND first.created_at < t.created_at)
            ELSE EXISTS (SELECT FROM agent_activity_log later WHERE later.state_id = t.state_id
                            AND later.rule_id = t.rule_id AND later.event_type = 'rule_resolved'
                            AND later.created_at > t.created_at) END
"""
MAX_DELIVERIES = 5000
CHANNEL_GONE = "The channel was deleted before the notification was sent."


def release(now: datetime) -> int:
    """Send what was held until `now`: a single delivery as it is, several of a channel as a digest, without resolved
    alerts."""
    with transaction.atomic():
        held = Delivery.objects.filter(status="held", due_at__lte=now).order_by("due_at", "id")
        rows = list(held.select_for_update(skip_locked=True)[:MAX_DELIVERIES])
        if not rows:
            return 0
        over = _resolved([row.pk for row in rows])
        Delivery.objects.filter(pk__in=over).update(
            status="skipped", settled_at=now, cause="The alert resolved before the notification was sent."
        )
        of_channel: dict[UUID | None, list[Delivery]] = defaultdict(list)
        for row in rows:
            if row.pk not in over:
                of_channel[row.channel_id].append(row)
        _let_out(of_channel, now)
        return len(rows)


def bundle(deliveries: DeliveryQuerySet, channel: Channel, now: datetime, at: datetime, why: str = "") -> None:
    """Merge `deliveries` into one, due at `at`; an existing bundle that is still waiting takes them in. `why` is the
    reason of the bundle, by default that of its parts."""
    first = deliveries.order_by().first()
    if first is None:
        return
    whole = _waiting(channel).select_for_update(skip_locked=True).first() or Delivery(
        id=uuid4(), user_id=first.user_id, channel=channel, channel_name=channel.name, kind=channel.kind, title="",
        reason="digest", status="due", due_at=at, expires_at=at + NOTIFICATION_TTL, created_at=now,
    )  # fmt: skip
    whole.due_at = min(whole.due_at or at, at)
    whole.save()
    parts = deliveries.exclude(pk=whole.pk)
    others = list(parts.filter(reason="digest").values_list("pk", flat=True))
    parts.exclude(pk__in=others).update(
        status="bundled", bundle=whole, settled_at=now, due_at=None, cause=why or F("cause")
    )
    Delivery.objects.filter(bundle__in=others).update(bundle=whole)
    Delivery.objects.filter(pk__in=others).delete()
    _entitle(whole)


def is_bundling(channel: Channel) -> bool:
    """Whether a bundle is waiting for this channel."""
    return _waiting(channel).exists()


def _waiting(channel: Channel) -> DeliveryQuerySet:
    """Bundles of the channel without an attempt, which nobody can have received."""
    return Delivery.objects.filter(channel=channel, reason="digest", status="due", attempt_count=0)


def _let_out(of_channel: dict[UUID | None, list[Delivery]], now: datetime) -> None:
    channels = Channel.objects.in_bulk([key for key in of_channel if key])
    for key, rows in of_channel.items():
        found, channel = Delivery.objects.filter(pk__in=[row.pk for row in rows]), channels.get(key) if key else None
        if channel is None:
            found.update(status="skipped", settled_at=now, due_at=None, cause=CHANNEL_GONE)
        elif len(rows) == 1:
            found.update(status="due", cause="", due_at=now)
        else:
            bundle(found, channel, now, now)


def _entitle(whole: Delivery) -> None:
    parts = Delivery.objects.filter(bundle=whole)
    counts = dict(parts.order_by().values_list("severity").annotate(Count("pk")))
    count, critical = sum(counts.values()), counts.get("critical")
    whole.title = counted(count, "notification") + (f", {critical:,} critical" if critical else "")
    whole.severity = max(counts, key=SEVERITIES.index, default="low")
    whole.save(update_fields=["title", "severity"])


def _resolved(ids: Iterable[UUID]) -> set[UUID]:
    with connection.cursor() as cursor:
        cursor.execute(RESOLVED, {"ids": list(ids)})
        return {key for (key,) in cursor.fetchall()}
