"""New links at the end of the chain."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from rules.audit.keys import present_key, signature
from rules.models import AuditLink

CHAIN_LOCK = 0x5A9C21  # any number, the same for every process of this database


@dataclass(frozen=True, slots=True)
class NewLink:
    """What a link says; its signature is made when it is added."""

    number: int
    kind: str
    facts: dict[str, Any]


def lock_chain() -> None:
    """Let nobody else add links until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [CHAIN_LOCK])


def newest_link() -> AuditLink | None:
    return AuditLink.objects.order_by("-number").first()


def add_links(links: Sequence[NewLink], newest: AuditLink | None, now: datetime) -> AuditLink | None:
    """Sign `links` and add them after `newest`; return the newest one. In a transaction that has locked the chain."""
    key_id, key = present_key()
    previous = newest.signature if newest else ""
    made: list[AuditLink] = []
    for each in links:
        previous = signature(key, each.number, previous, each.kind, now, each.facts)
        made.append(
            AuditLink(
                number=each.number, kind=each.kind, sealed_at=now, facts=each.facts, key_id=key_id, signature=previous
            )
        )
    AuditLink.objects.bulk_create(made)
    return made[-1] if made else newest
