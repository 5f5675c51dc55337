"""Verifications whose result is kept, as an entry of the log: of the schedule, and of who asks for one on the page."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from rules.audit.events import AUDIT_BROKEN, AUDIT_VERIFIED
from rules.audit.findings import Verification
from rules.audit.sealing import SEALING_LOCK
from rules.audit.verification import Verifier
from rules.models import ActivityEntry
from smartagent.kernel.member_role import as_owner
from smartagent.kernel.session_lock import alone

VERIFICATION_LOCK = SEALING_LOCK + 1
BUSY = "Another verification is running."
FINDINGS_KEPT = 10


def verify_and_record(now: datetime, by: Mapping[str, str] | None = None) -> Verification | None:
    """Verify the log and write the result into it; None where another process is at it."""
    with as_owner(), alone(VERIFICATION_LOCK) as free:
        if not free:
            return None
        found = Verifier().run()
        _record(found, now, by or {"by_name": "Schedule"})
    return found


def last_verification() -> ActivityEntry | None:
    """The entry of the newest verification."""
    events = ActivityEntry.objects.filter(event_type__in=[AUDIT_VERIFIED, AUDIT_BROKEN], agent_name="audit")
    return events.order_by("-created_at").first()


def _record(found: Verification, now: datetime, by: Mapping[str, str]) -> None:
    result: dict[str, Any] = found.as_dict()
    result["findings"] = result["findings"][:FINDINGS_KEPT]
    ActivityEntry.objects.create(
        agent_name="audit", event_type=AUDIT_VERIFIED if found.ok else AUDIT_BROKEN, action_taken="none",
        context=result | dict(by), status="success" if found.ok else "failed", created_at=now, executed_at=now,
        error_message=None if found.ok else found.findings[0].problem,
    )  # fmt: skip
