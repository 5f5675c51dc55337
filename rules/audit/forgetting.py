"""Deletion of entries by retention, with a signed statement of it. Only sealed entries are deleted.

The links of what was deleted stay; the digests of links without entries go.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import connection, transaction

from rules.audit.links import NewLink, add_links, lock_chain, newest_link
from rules.audit.sealing import seal
from rules.models import ActivityEntry, AuditLink
from rules.models.audit import PERMISSION
from smartagent.kernel.member_role import as_owner
from smartagent.kernel.own_session import own_session

UNSEALED = "SELECT unnest(entries) FROM audit_unsealed"  # the IDs of entries that wait for their link
DELETE_DIGESTS = """
DELETE FROM audit_batches b USING audit_links k
 WHERE k.number = b.number AND nullif(k.facts->>'last', '')::bigint < %(before)s
   AND NOT EXISTS (SELECT FROM unnest(b.entries) AS e (id) CROSS JOIN LATERAL (
           SELECT FROM agent_activity_log WHERE id = e.id OFFSET 0) l)"""


@contextmanager
def deleting_entries(before: datetime, now: datetime) -> Iterator[None]:
    """Let this block, in whatever transactions, delete sealed entries that are older than `before`."""
    seal(now)
    with as_owner(), own_session():
        if ActivityEntry.objects.filter(created_at__lt=before).exists():
            _state_deletion(before, now)
        _permit("retention")
        try:
            yield
        finally:
            _permit("")
        with connection.cursor() as cursor:
            cursor.execute(DELETE_DIGESTS, {"before": _microseconds(before)})


def _permit(why: str) -> None:
    """For the session: each batch of a retention is a transaction of its own."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config(%s, %s, false)", [PERMISSION, why])


@transaction.atomic
def _state_deletion(before: datetime, now: datetime) -> None:
    """First the statement: a deletion that stops halfway is covered by it."""
    lock_chain()
    newest = newest_link()
    if newest is not None:
        facts = {"before": _microseconds(before)}
        add_links([NewLink(newest.number + 1, AuditLink.Kind.RETENTION.value, facts)], newest, now)


def _microseconds(at: datetime) -> int:
    return round(at.timestamp() * 1_000_000)
