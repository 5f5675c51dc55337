"""Verification: every link, every sealed entry, and every entry that is in no link; at one point in time.

One statement for each link finds what does not fit in it; what is held here does not grow with the log.
"""

import hmac
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from rules.audit.anchors import Anchor
from rules.audit.digests import (
    BATCH_DIGEST,
    REFERENCE_DIGESTS,
    REFERENCE_SIZE,
    TIME,
    WHAT_DIGEST,
    WHAT_SIZE,
)
from rules.audit.findings import MAX_FINDINGS, AuditFinding, Verification, time_of
from rules.audit.keys import known_keys, signature
from rules.audit.sealing import waiting_entries
from rules.models import AuditBatch, AuditLink
from smartagent.kernel.formats import counted
from smartagent.kernel.member_role import as_owner

KINDS = AuditLink.Kind
OF_ENTRIES = (KINDS.SEAL, KINDS.LATE, KINDS.IMPORT, KINDS.ERASURE)
LINKS_AT_ONCE = 1000
ERASED = """
CREATE TEMP TABLE audit_erased ON COMMIT DROP AS
SELECT b.number, e.id, e.digest FROM audit_batches b JOIN audit_links k ON k.number = b.number AND k.kind = 'erasure'
 CROSS JOIN LATERAL unnest(b.entries, b.digests) AS e (id, digest)"""


def _unlike(name: str, digest: str, place: int) -> str:
    sealed = f"substr(s.digest, {WHAT_SIZE + 1 + place * REFERENCE_SIZE}, {REFERENCE_SIZE})"
    return f"(l.{name} IS NOT NULL AND {digest} <> {sealed})"


_UNLIKE_REFERENCES = " OR ".join(_unlike(*each, place) for place, each in enumerate(REFERENCE_DIGESTS.items()))
# Looked up one by one, by the index: a join would be a loop over all entries where statistics say that there are none.
ENTRY = "LEFT JOIN LATERAL (SELECT * FROM agent_activity_log WHERE id = {row}.id OFFSET 0) l ON true"
# What does not fit in a batch: entries that are not there, or are other than they were.
UNFIT = f"""
WITH sealed AS (
    SELECT e.* FROM audit_batches b CROSS JOIN LATERAL unnest(b.entries, b.times, b.digests) AS e (id, at, digest)
     WHERE b.number = %(number)s),
unfit AS (
    SELECT s.id, s.at, l.id IS NULL AS is_missing, s.digest,
           CASE WHEN l.id IS NOT NULL THEN {WHAT_DIGEST} END AS what
      FROM sealed s {ENTRY.format(row="s")}
     WHERE l.id IS NULL OR {WHAT_DIGEST} <> substr(s.digest, 1, {WHAT_SIZE}) OR {_UNLIKE_REFERENCES})
SELECT u.id::text, u.at, u.is_missing,
       EXISTS (SELECT FROM audit_erased d WHERE d.id = u.id AND d.number > %(number)s
                AND (u.is_missing OR substr(d.digest, 1, {WHAT_SIZE}) = u.what)) AS is_erased
  FROM unfit u ORDER BY u.at, u.id"""
BATCH_FACTS = f"SELECT cardinality(b.entries), {BATCH_DIGEST.format('b.')} FROM audit_batches b WHERE b.number = %s"
# Entries that no link has and that do not wait for one.
# EXCEPT is no such loop either.
UNKNOWN = f"""
WITH unknown AS MATERIALIZED (
    SELECT id FROM agent_activity_log
    EXCEPT (SELECT unnest(entries) FROM audit_batches UNION ALL SELECT unnest(entries) FROM audit_unsealed))
SELECT l.id::text, {TIME}, count(*) OVER () FROM unknown u {ENTRY.format(row="u")}
 ORDER BY l.created_at, l.id LIMIT {MAX_FINDINGS}"""
DAY = 86_400_000_000
OF_DAY = f"""
SELECT count(*), count(l.id) FROM audit_batches b CROSS JOIN LATERAL unnest(b.entries, b.times) AS e (id, at)
  {ENTRY.format(row="e")} WHERE e.at >= %s AND e.at < %s"""
MAX_DAYS = 31  # of those from which entries are missing, how many are looked at as a whole


class Verifier:
    """One verification; `found` grows as it goes."""

    def __init__(self, anchors: Sequence[Anchor] = ()) -> None:
        self.found = Verification()
        self.keys = known_keys()
        self.anchors = {each.number: each for each in anchors}
        self.number, self.previous = 0, ""
        self.forgotten_before = 0
        self.accepted: set[tuple[int, str]] = set()
        self.missing_days: dict[int, int] = {}

    def run(self) -> Verification:
        """Verify the whole log."""
        with self._snapshot() as cursor:
            for link in self._links():
                self._check_link(cursor, link)
            self._check_end()
            self._check_unknown(cursor)
            self._check_days(cursor)
        return self.found

    def run_links(self, links: Sequence[AuditLink]) -> Verification:
        """Verify only `links`, each with the one before it."""
        with self._snapshot() as cursor:
            before = _signatures_before(links)
            for link in links:
                self.number, self.previous = link.number - 1, before.get(link.number - 1, "")
                self._check_link(cursor, link)
        return self.found

    @contextmanager
    def _snapshot(self) -> Iterator[CursorWrapper]:
        """One point in time, with what erasures, retention and acceptances say."""
        is_outermost = not connection.in_atomic_block
        with as_owner(), transaction.atomic(), connection.cursor() as cursor:
            if is_outermost:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            cursor.execute(ERASED)
            cursor.execute("CREATE INDEX ON audit_erased (id)")
            self._read_statements()
            yield cursor
            cursor.execute("DROP TABLE audit_erased")

    def _links(self) -> Iterator[AuditLink]:
        last = 0
        while some := list(AuditLink.objects.filter(number__gt=last).order_by("number")[:LINKS_AT_ONCE]):
            yield from some
            last = some[-1].number

    def _read_statements(self) -> None:
        """Until when retention has deleted, and what was accepted; a statement without a signature is none."""
        links = list(AuditLink.objects.filter(kind__in=[KINDS.RETENTION, KINDS.ACCEPTANCE]).order_by("number"))
        before = _signatures_before(links)
        for link in links:
            if not self._is_signed(link, before.get(link.number - 1, "")):
                continue
            if link.kind == KINDS.RETENTION:
                self.forgotten_before = max(self.forgotten_before, int(link.facts["before"]))
            else:
                self.accepted |= {(int(number), made) for number, made in link.facts["links"].items()}

    def _is_signed(self, link: AuditLink, previous: str) -> bool:
        key = self.keys.get(link.key_id)
        if key is None:
            return False
        made = signature(key, link.number, previous, link.kind, link.sealed_at, link.facts)
        return hmac.compare_digest(made, link.signature)

    def _check_link(self, cursor: CursorWrapper, link: AuditLink) -> None:
        self.found.links += 1
        if link.number != self.number + 1:
            self._link(link, f"The links {self.number + 1} to {link.number - 1} are missing.")
        elif link.key_id not in self.keys:
            self._link(link, f"Link {link.number} was signed with another key ({link.key_id}).")
        elif not self._is_signed(link, self.previous):
            self._link(link, f"Link {link.number} has a wrong signature: it was not written by Smart Agent.")
        self.number, self.previous = link.number, link.signature
        self._check_anchor(link)
        if link.kind in OF_ENTRIES and link.facts.get("entries"):
            self._check_batch(cursor, link)

    def _check_anchor(self, link: AuditLink) -> None:
        anchor = self.anchors.pop(link.number, None)
        if anchor and not hmac.compare_digest(anchor.signature, link.signature):
            problem = (
                f"Link {link.number} is another one than the anchor of {anchor.sealed_at} has: the chain was rewritten."
            )
            self.found.add(AuditFinding(kind="anchor", problem=problem, link=link.number))

    def _check_end(self) -> None:
        """Anchors beyond the last link: the end was cut off."""
        for anchor in sorted(self.anchors.values(), key=lambda each: each.number):
            problem = f"The anchor of {anchor.sealed_at} has link {anchor.number}, but the chain ends at {self.number}."
            self.found.add(AuditFinding(kind="anchor", problem=problem, link=anchor.number))

    def _check_batch(self, cursor: CursorWrapper, link: AuditLink) -> None:
        cursor.execute(BATCH_FACTS, [link.number])
        count, digest = cursor.fetchone() or (0, "")
        if not count and self._is_forgotten(link.facts["last"]):
            self.found.forgotten += int(link.facts["entries"])
            return
        if not count:
            count = counted(link.facts["entries"], "entry", "entries")
            self._link(link, f"The digests of the {count} of link {link.number} are missing.")
            return
        if digest != link.facts["digest"]:
            self._link(link, f"The digests of link {link.number} were changed.")
        cursor.execute(UNFIT, {"number": link.number})
        unfit = cursor.fetchall()
        if link.kind != KINDS.ERASURE:
            self.found.entries += count - len(unfit)
        if link.kind == KINDS.LATE:
            self._add_late(link)
        for entry, at, is_missing, is_erased in unfit:
            self._add_unfit(link, entry, at, is_missing, is_erased)

    def _add_unfit(self, link: AuditLink, entry: str, at: int | None, is_missing: bool, is_erased: bool) -> None:
        if is_missing and self._is_forgotten(at):
            self.found.forgotten += link.kind != KINDS.ERASURE
        elif link.kind == KINDS.ERASURE and is_missing:
            return  # said of the link that first has it
        elif is_erased and not is_missing:
            self.found.erased += link.kind != KINDS.ERASURE
        elif is_missing:
            self.missing_days[(at or 0) // DAY] = self.missing_days.get((at or 0) // DAY, 0) + 1
            self._entry("missing", f"An entry of {self._when(at)} was deleted.", link, entry, at)
        else:
            self._entry("changed", f"An entry of {self._when(at)} was changed after it was sealed.", link, entry, at)

    def _add_late(self, link: AuditLink) -> None:
        """Entries that were written long after their time; not by us, so somebody has inserted them."""
        if (link.number, link.signature) in self.accepted:
            self.found.accepted += int(link.facts["entries"])
            return
        first = AuditBatch.objects.filter(number=link.number).values_list("entries", "times").first()
        entry, at = (str(first[0][0]), first[1][0]) if first else ("", None)
        count = counted(link.facts["entries"], "entry", "entries")
        problem = (
            f"{count} dated {self._when(at)} or later appeared only at {link.sealed_at:%Y-%m-%d %H:%M} UTC: "
            "inserted afterwards, or written by a program with a wrong clock."
        )
        self._entry("inserted", problem, link, entry, at)

    def _check_unknown(self, cursor: CursorWrapper) -> None:
        self.found.waiting = waiting_entries()
        if not self.number:
            return  # nothing is sealed yet
        cursor.execute(UNKNOWN)
        rows = cursor.fetchall()
        for entry, at, _ in rows:
            problem = (
                f"An entry of {self._when(at)} is in no link, and waits for none: it was inserted with triggers off."
            )
            self._entry("inserted", problem, None, entry, at)
        self.found.count += rows[0][2] - len(rows) if rows else 0

    def _check_days(self, cursor: CursorWrapper) -> None:
        """Whether whole days are missing."""
        for day in sorted(self.missing_days)[:MAX_DAYS]:
            cursor.execute(OF_DAY, [day * DAY, (day + 1) * DAY])
            sealed, left = cursor.fetchone()
            if sealed and not left:
                problem = f"All {counted(sealed, 'entry', 'entries')} of {time_of(day * DAY)[:10]} (UTC) were deleted."
                self.found.add_first(AuditFinding(kind="missing", problem=problem, at=time_of(day * DAY)))

    def _is_forgotten(self, at: int | str | None) -> bool:
        return at not in (None, "") and int(at or 0) < self.forgotten_before

    def _when(self, at: int | None) -> str:
        return time_of(at).replace("T", " ").replace("+00:00", " UTC") or "an unknown time"

    def _link(self, link: AuditLink, problem: str) -> None:
        self.found.add(AuditFinding(kind="link", problem=problem, link=link.number, at=link.sealed_at.isoformat()))

    def _entry(self, kind: str, problem: str, link: AuditLink | None, entry: str, at: int | None) -> None:
        number = link.number if link else None
        self.found.add(AuditFinding(kind=kind, problem=problem, entry=entry, link=number, at=time_of(at)))


def _signatures_before(links: Sequence[AuditLink]) -> dict[int, str]:
    """The signatures of the links before these, by their numbers."""
    numbers = [each.number - 1 for each in links]
    return dict(AuditLink.objects.filter(number__in=numbers).values_list("number", "signature"))
