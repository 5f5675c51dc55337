"""Failover: deliveries of a failing channel are sent by the person's next channel."""

from datetime import datetime

from django.db import connection, transaction

from notifications.models import Channel

# The next channel in order that works, that this message has not gone by, and that its person wants it by; the original
# is settled in the same statement, so that it is not sent again when its channel works again. While a try is due, one
# is left for that.
HAND_OVER = """
WITH stuck AS (
    SELECT d.* FROM channels c JOIN deliveries d ON d.channel_id = c.id
     WHERE c.opened_at IS NOT NULL AND c.retry_at > %(now)s AND d.created_at > %(now)s - interval '2 days'
       AND d.status IN ('due', 'dead') AND d.reason <> 'test' AND NOT d.handed_over AND d.expires_at > %(now)s
     ORDER BY d.due_at LIMIT 5000 FOR UPDATE OF d SKIP LOCKED),
handed AS (
    SELECT s.*, gen_random_uuid() AS new_id, n.id AS next_id, n.name AS next_name, n.kind AS next_kind
      FROM stuck s CROSS JOIN LATERAL (
        SELECT o.id, o.name, o.kind FROM channels o
         WHERE o.user_id = s.user_id AND o.enabled AND o.opened_at IS NULL AND o.retry_at IS NULL
           AND o.id <> s.channel_id
           AND NOT EXISTS (SELECT FROM deliveries x
                            WHERE x.channel_id = o.id AND x.notification_id = s.notification_id
                              AND (x.status <> 'skipped' OR NOT x.handed_over))
         ORDER BY o.position, o.created_at LIMIT 1) AS n),
settled AS (
    UPDATE deliveries d
       SET status = CASE WHEN d.status = 'due' THEN 'skipped' ELSE d.status END, settled_at = %(now)s, due_at = NULL,
           handed_over = true,
           cause = trim(d.cause || ' The channel is broken, so it goes by “' || h.next_name || '” instead.')
      FROM handed h WHERE d.id = h.id),
parts AS (UPDATE deliveries d SET bundle_id = h.new_id FROM handed h WHERE d.bundle_id = h.id)
INSERT INTO deliveries (id, user_id, notification_id, rule_id, channel_id, channel_name, kind, title, severity, reason,
                        status, cause, due_at, attempt_count, expires_at, created_at)
SELECT new_id, user_id, notification_id, rule_id, next_id, next_name, next_kind, title, severity, reason, 'due',
       'In place of “' || channel_name || '”, which is broken.', %(now)s, 0, expires_at, created_at FROM handed
"""


def fail_over(now: datetime) -> int:
    """Move deliveries that wait for failing channels; return their number."""
    if not Channel.objects.broken().exists():
        return 0
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(HAND_OVER, {"now": now})
        return int(cursor.rowcount)
