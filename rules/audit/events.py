"""Verifications of the activity log, as its entries, for RULES_EVENTS."""

from collections.abc import Mapping
from typing import Any

from rules.engine.event_kinds import EventKind
from smartagent.kernel.formats import counted

AUDIT_VERIFIED, AUDIT_BROKEN, AUDIT_ACCEPTED = "audit_verified", "audit_broken", "audit_accepted"

MAX_NAMED = 5


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


def _accepted(context: Mapping[str, Any]) -> str:
    links = context.get("links")
    which = ", ".join(str(each) for each in links[:MAX_NAMED]) if isinstance(links, list) else "?"
    more = " and others" if isinstance(links, list) and len(links) > MAX_NAMED else ""
    what = f"{_entries(context)} that were first seen long after their time (link {which}{more})"
    return f"{context['by_name']} accepted {what}: {context['reason']}"


AUDIT_EVENTS = (
    EventKind(kind=AUDIT_VERIFIED, label="log verified", tone="success", sentence=_verified),
    EventKind(kind=AUDIT_BROKEN, label="log verification failed", tone="danger", sentence=_broken),
    EventKind(kind=AUDIT_ACCEPTED, label="late entries accepted", tone="warning", sentence=_accepted),
)
