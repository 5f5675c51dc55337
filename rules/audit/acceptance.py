"""Acceptance of entries that were first seen long after their time, such as those that a legacy import wrote by SQL.

Only a whole link of such entries can be accepted, and only while it is signed, its digests are those of the signature,
and its entries are as they were sealed: so nothing that breaks the chain is hidden. The acceptance is an entry of the
log, and a signed link that names the accepted one: who has no key cannot add such a link.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from rules.audit.events import AUDIT_ACCEPTED
from rules.audit.links import NewLink, add_links, lock_chain, newest_link
from rules.audit.verification import Verifier
from rules.models import ActivityEntry, AuditBatch, AuditLink
from smartagent.kernel.member_role import as_owner

MAX_LINKS, MAX_REASON, ENTRIES_SHOWN = 1000, 500, 50


class NotAccepted(Exception):
    """These entries cannot be accepted; the message says why."""


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What was accepted."""

    links: int
    entries: int


def late_links() -> list[int]:
    """The numbers of the links with late entries that nobody has accepted, the first MAX_LINKS."""
    accepted = {
        int(number)
        for facts in AuditLink.objects.filter(kind=AuditLink.Kind.ACCEPTANCE).values_list("facts", flat=True)
        for number in facts.get("links", {})
    }
    late = AuditLink.objects.filter(kind=AuditLink.Kind.LATE).exclude(number__in=accepted).order_by("number")
    return list(late.values_list("number", flat=True)[:MAX_LINKS])


def refusal_of(number: int) -> str:
    """Why the entries of this link cannot be accepted; "" where they can."""
    with as_owner():
        return _refusal([number], list(AuditLink.objects.filter(number=number)))


def entries_of_link(number: int) -> list[ActivityEntry]:
    """The first entries of a link, by their time."""
    with as_owner():
        batch = AuditBatch.objects.filter(number=number).values_list("entries", flat=True).first() or []
        return list(ActivityEntry.objects.filter(pk__in=batch).select_related("user", "rule")[:ENTRIES_SHOWN])


def count_of_link(number: int) -> int:
    """How many entries a link has."""
    link = AuditLink.objects.filter(number=number).first()
    return int(link.facts.get("entries") or 0) if link else 0


def accept(numbers: Collection[int], reason: str, by: Mapping[str, str], now: datetime) -> Acceptance:
    """Accept the entries of these links; NotAccepted, and then none of them is."""
    reason = reason.strip()
    if not reason or len(reason) > MAX_REASON:
        raise NotAccepted(f"Write a reason of at most {MAX_REASON} characters: it stays in the log.")
    if not numbers:
        raise NotAccepted("There is nothing to accept.")
    with as_owner(), transaction.atomic():
        lock_chain()
        links = list(AuditLink.objects.filter(number__in=numbers).order_by("number"))
        if refusal := _refusal(numbers, links):
            raise NotAccepted(refusal)
        entries = sum(int(each.facts["entries"]) for each in links)
        entry = _write([each.number for each in links], entries, reason, by, now)
        signatures = {str(each.number): each.signature for each in links}
        facts: dict[str, Any] = {"links": signatures, "entry": str(entry.pk), "accepted": entries}
        newest = newest_link()
        add_links([NewLink((newest.number if newest else 0) + 1, AuditLink.Kind.ACCEPTANCE.value, facts)], newest, now)
    return Acceptance(links=len(links), entries=entries)


def _refusal(numbers: Collection[int], links: Sequence[AuditLink]) -> str:
    if unknown := set(numbers) - {each.number for each in links}:
        return f"There is no link {min(unknown)}."
    if other := next((each for each in links if each.kind != AuditLink.Kind.LATE), None):
        return (
            f"Link {other.number} has no entries that were first seen long after their time: only these are accepted."
        )
    found = Verifier().run_links(links)
    if found.accepted:
        return "These entries are accepted already."
    if found.count > len(links):
        broken = next((each.problem for each in found.findings if each.kind != "inserted"), "The chain is broken.")
        return f"This cannot be accepted, because it is not as it was sealed. {broken}"
    return ""


def _write(numbers: Sequence[int], entries: int, reason: str, by: Mapping[str, str], now: datetime) -> ActivityEntry:
    entry: ActivityEntry = ActivityEntry.objects.create(
        agent_name="audit", event_type=AUDIT_ACCEPTED, action_taken="none", created_at=now, executed_at=now,
        context={"links": list(numbers), "entries": entries, "reason": reason} | dict(by),
    )  # fmt: skip
    return entry
