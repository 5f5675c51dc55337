"""The state of the chain, for page and API."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from rules.audit.anchor_places import anchor_places
from rules.audit.links import newest_link
from rules.audit.recorded_verification import last_verification
from rules.audit.sealing import waiting_entries
from smartagent.kernel.member_role import as_owner


@dataclass(frozen=True, kw_only=True)
class AuditState:
    """`verified_at` and `ok` are those of the last verification; None before the first."""

    links: int
    sealed_at: datetime | None
    waiting: int
    verified_at: datetime | None
    ok: bool | None
    entries: int | None
    accepted: int
    finding_count: int
    findings: list[dict[str, Any]] = field(default_factory=list)
    anchors: list[str] = field(default_factory=list)


def audit_state() -> AuditState:
    """Read the state; nothing is verified."""
    with as_owner():
        newest, verified, waiting = newest_link(), last_verification(), waiting_entries()
    context: Any = verified.context if verified else {}
    findings = context.get("findings")
    return AuditState(
        links=newest.number if newest else 0, sealed_at=newest.sealed_at if newest else None, waiting=waiting,
        verified_at=verified.created_at if verified else None, ok=bool(context.get("ok")) if verified else None,
        entries=context.get("entries"), accepted=context.get("accepted") or 0,
        finding_count=context.get("finding_count") or 0,
        findings=findings if isinstance(findings, list) else [], anchors=anchor_places(),
    )  # fmt: skip
