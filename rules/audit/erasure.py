"""Erasure of personal data in sealed entries: they are changed, and a signed link has their new digests.

A verification counts them as erased. Who has no key cannot add such a link.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from rules.audit.digests import BATCH_DIGEST, DIGEST, TIME
from rules.audit.links import NewLink, add_links, lock_chain, newest_link
from rules.audit.sealing import seal
from rules.models import AuditLink
from rules.models.audit import entries_may_change
from smartagent.kernel.member_role import as_owner

ENTRIES_PER_LINK = 2000
CHANGE = """
CREATE TEMP TABLE audit_erasing ON COMMIT DROP AS
SELECT l.id, row_number() OVER (ORDER BY l.id) AS n FROM agent_activity_log l
 WHERE ({condition}) AND l.status IS DISTINCT FROM 'pending'
   AND NOT EXISTS (SELECT FROM audit_unsealed u WHERE u.entries @> ARRAY[l.id])"""
APPLY = "UPDATE agent_activity_log l SET {change} FROM audit_erasing a WHERE a.id = l.id"
WRITE_BATCHES = f"""
WITH batches AS (
    SELECT %(number)s + (a.n - 1) / %(size)s + 1 AS number, array_agg(l.id ORDER BY l.id) AS entries,
           array_agg({TIME} ORDER BY l.id) AS times, array_agg({DIGEST} ORDER BY l.id) AS digests
      FROM audit_erasing a JOIN agent_activity_log l ON l.id = a.id GROUP BY 1),
written AS (INSERT INTO audit_batches (number, entries, times, digests)
            SELECT number, entries, times, digests FROM batches)
SELECT number, cardinality(entries), coalesce((SELECT min(t) FROM unnest(times) t)::text, ''),
       coalesce((SELECT max(t) FROM unnest(times) t)::text, ''), {BATCH_DIGEST.format("")}
  FROM batches ORDER BY number"""


def erase_in_entries(condition: str, change: str, params: Mapping[str, Any], now: datetime) -> int:
    """Apply `change` to the sealed entries `l` that meet `condition`, both SQL; return their number.

    Entries that are pending are left as they are.
    """
    seal(now, waits=True)
    with as_owner(), transaction.atomic():
        lock_chain()
        newest = newest_link()
        with entries_may_change("erasure"), connection.cursor() as cursor:
            cursor.execute(CHANGE.format(condition=condition), params)
            cursor.execute(APPLY.format(change=change), params)
            cursor.execute(WRITE_BATCHES, {"number": newest.number if newest else 0, "size": ENTRIES_PER_LINK})
            rows = cursor.fetchall()
            cursor.execute("DROP TABLE audit_erasing")
        links = [
            NewLink(
                int(number), AuditLink.Kind.ERASURE.value,
                {"entries": count, "first": first, "last": last, "digest": digest},
            )
            for number, count, first, last, digest in rows
        ]  # fmt: skip
        add_links(links, newest, now)
    return sum(each.facts["entries"] for each in links)
