"""Sealing: entries since the last time become links of the chain, some thousands in each, by one statement.

A trigger notes the entries of each statement (rules.migrations._append_only), so that those of transactions which
commit late are sealed late, and those of other programs like ours. Pending entries wait until their result is written.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from rules.audit.digests import BATCH_DIGEST, DIGEST, TIME
from rules.audit.links import NewLink, add_links, lock_chain, newest_link
from rules.models import AuditLink, UnsealedEntries
from smartagent.kernel.member_role import as_owner
from smartagent.kernel.session_lock import alone

SEALING_LOCK = 0x5A9C22  # any number, the same for every process of this database
ENTRIES_PER_LINK, NOTES_AT_ONCE = 2000, 100
LATE = timedelta(hours=1)  # between the time of an entry and when it was first seen
KINDS = AuditLink.Kind
# Of the notes only the pending entries stay.
CREATE_TAKEN = "CREATE TEMP TABLE audit_taken (note bigint, id uuid, seen timestamptz) ON COMMIT DROP"
TAKE_NOTES = """
WITH gone AS (
    DELETE FROM audit_unsealed
     WHERE id = ANY(ARRAY(SELECT id FROM audit_unsealed WHERE id <= %(last)s ORDER BY id LIMIT %(notes)s)) RETURNING *)
INSERT INTO audit_taken SELECT g.id, e.id, g.written_at FROM gone g CROSS JOIN LATERAL unnest(g.entries) AS e (id)"""
KEEP_PENDING = """
INSERT INTO audit_unsealed (entries, written_at)
SELECT array_agg(t.id), min(t.seen) FROM audit_taken t JOIN agent_activity_log l ON l.id = t.id
 WHERE l.status = 'pending' GROUP BY t.note"""
WRITE_BATCHES = f"""
WITH found AS (
    SELECT DISTINCT ON (t.id) l.id, {TIME} AS at, {DIGEST} AS digest,
           coalesce(%(imported)s OR greatest(l.created_at, l.executed_at) < least(t.seen, %(now)s) - %(late)s,
                    false) AS is_late
      FROM audit_taken t JOIN agent_activity_log l ON l.id = t.id WHERE l.status IS DISTINCT FROM 'pending'),
numbered AS (
    SELECT *, (row_number() OVER (PARTITION BY is_late ORDER BY at, id) - 1) / %(size)s AS part FROM found),
batches AS (
    SELECT is_late, part, array_agg(id ORDER BY at, id) AS entries, array_agg(at ORDER BY at, id) AS times,
           array_agg(digest ORDER BY at, id) AS digests
      FROM numbered GROUP BY is_late, part),
placed AS (SELECT *, %(number)s + row_number() OVER (ORDER BY is_late DESC, part) AS number FROM batches),
written AS (INSERT INTO audit_batches (number, entries, times, digests)
            SELECT number, entries, times, digests FROM placed)
SELECT number, is_late, cardinality(entries), coalesce(times[1]::text, ''),
       coalesce((SELECT max(t) FROM unnest(times) t)::text, ''), {BATCH_DIGEST.format("")}
  FROM placed ORDER BY number"""
NOTE_ALL = """
INSERT INTO audit_unsealed (entries)
SELECT array_agg(id) FROM (SELECT id, row_number() OVER () / 2000 AS part FROM agent_activity_log) e GROUP BY part"""


def seal(now: datetime, *, waits: bool = False) -> int:
    """Seal what waits, unless another process is at it, which can be waited for; return the number of entries."""
    with as_owner(), alone(SEALING_LOCK, waits=waits) as free:
        return _seal_all(now) if free else 0


@contextmanager
def importing(now: datetime) -> Iterator[None]:
    """Entries that this block writes may have old times: they are sealed as imported."""
    with as_owner(), alone(SEALING_LOCK, waits=True):
        _seal_all(now)
        yield
        _seal_all(now, imported=True)


def _seal_all(now: datetime, *, imported: bool = False) -> int:
    has_begun = AuditLink.objects.filter(kind=KINDS.SEAL).exists()
    if not has_begun:
        _note_all()
    last = UnsealedEntries.objects.order_by("-id").values_list("id", flat=True).first()
    sealed = 0
    while last is not None and UnsealedEntries.objects.filter(pk__lte=last).exists():
        sealed += _seal_some(now, last, imported or not has_begun)
    if not has_begun:
        _begin(now)
    return sealed


@transaction.atomic
def _note_all() -> None:
    """Note all entries, those of before the trigger as well, where nothing is sealed yet."""
    if not AuditLink.objects.exists():
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM audit_unsealed")
            cursor.execute(NOTE_ALL)


@transaction.atomic
def _begin(now: datetime) -> None:
    """An empty link: what is dated before it and seen after it is late."""
    lock_chain()
    newest = newest_link()
    facts = {"entries": 0, "first": "", "last": "", "digest": ""}
    add_links([NewLink(newest.number + 1 if newest else 1, KINDS.SEAL.value, facts)], newest, now)


@transaction.atomic
def _seal_some(now: datetime, last: int, imported: bool) -> int:
    """Seal the entries of some notes until `last`; return their number."""
    lock_chain()
    newest = newest_link()
    params: dict[str, Any] = {
        "size": ENTRIES_PER_LINK, "number": newest.number if newest else 0, "now": now, "late": LATE,
        "imported": imported,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(CREATE_TAKEN)
        cursor.execute(TAKE_NOTES, {"notes": NOTES_AT_ONCE, "last": last})
        cursor.execute(KEEP_PENDING)
        cursor.execute(WRITE_BATCHES, params)
        rows = cursor.fetchall()
        cursor.execute("DROP TABLE audit_taken")
    old = KINDS.IMPORT if imported else KINDS.LATE
    links = [
        NewLink(
            int(number),
            (old if is_late else KINDS.SEAL).value,
            {"entries": count, "first": first, "last": final, "digest": digest},
        )
        for number, is_late, count, first, final, digest in rows
    ]
    add_links(links, newest, now)
    return sum(each.facts["entries"] for each in links)


def waiting_entries() -> int:
    """How many entries wait for their link."""
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(sum(cardinality(entries)), 0) FROM audit_unsealed")
        return int(cursor.fetchone()[0])
