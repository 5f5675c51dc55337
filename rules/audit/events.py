"""Verifications of the activity log, as its entries, for RULES_EVENTS."""

from collections.abc import Mapping
from typing import Any

from rules.engine.event_kinds import EventKind
from smartagent.kernel.formats import counted

AUDIT_VERIFIED, AUDIT_BROKEN = "audit_verified", "audit_broken"


def _entries(context: Mapping[str, Any]) -> str:
    entries = context.get("entries")
    return counted(entries, "entry", "entries") if isinstance(entries, int) else "? entries"


def _verified(context: Mapping[str, Any]) -> str:
    return f"The activity log was verified: {_entries(context)} as they were written."


def _broken(context: Mapping[str, Any]) -> str:
    count, findings = context.get("finding_count"), context.get("findings")
    first = findings[0] if isinstance(findings, list) and findings else {}
    problem = first.get("problem", "?") if isinstance(first, Mapping) else "?"
    problems = counted(count, "problem") if isinstance(count, int) else "problems"
    return f"The activity log is not as it was written, {problems} found: {problem}"


AUDIT_EVENTS = (
    EventKind(kind=AUDIT_VERIFIED, label="log verified", tone="success", sentence=_verified),
    EventKind(kind=AUDIT_BROKEN, label="log verification failed", tone="danger", sentence=_broken),
)
