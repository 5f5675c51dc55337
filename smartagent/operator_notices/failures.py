"""A log that is not as it was written, and retention that stopped: operators are notified of a new problem at once, and
of one that lasts once a day.

Both are entries of the activity log, whatever task wrote them, and are looked for there. What operators were notified
of stands in their notifications.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from notifications.gateway import Message, post
from notifications.models import Notification
from rules.audit.events import AUDIT_BROKEN
from rules.audit.recorded_verification import last_verification
from rules.models import ActivityEntry
from rules.storage.deletions import DELETION_FAILED
from rules.text.entry import entry_in_words
from smartagent.models import User
from smartagent.operator_notices.operators import operators

SPAN = timedelta(hours=24)
MAX_ENTRIES = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A kind of failure: the entries that say it now, and the keys of the problems that an entry names."""

    kind: str
    title: str
    severity: str
    page: str
    entries: Callable[[datetime], Sequence[ActivityEntry]]
    keys: Callable[[ActivityEntry], Iterable[str]]


def notify_of_failures() -> str:
    """Scheduled: notify operators; the result is kept in django-q2's task log."""
    now, people = timezone.now(), operators()
    with transaction.atomic():
        sent = post([message for failure in FAILURES for message in notices(failure, people, now)], now)
    return f"{sent} notifications"


def notices(failure: Failure, people: Sequence[User], now: datetime) -> list[Message]:
    """The notification to each of `people`; none where nothing is new to them."""
    found = {key: entry for entry in reversed(failure.entries(now)) for key in failure.keys(entry)}
    if not found:
        return []
    new = sorted(found.keys() - _notified(failure, people, now))
    if not new:
        return []
    newest = max((found[key] for key in new), key=lambda entry: entry.created_at)
    return [
        Message(
            user_id=person.pk, type="error", severity=failure.severity, reason="other", title=failure.title,
            message=entry_in_words(newest), action_url=reverse(failure.page),
            metadata={"failure": failure.kind, "problems": sorted(found), "entry": str(newest.pk)},
        )
        for person in people
    ]  # fmt: skip


def _notified(failure: Failure, people: Sequence[User], now: datetime) -> set[str]:
    """The problems of which operators were notified within a day."""
    earlier = Notification.objects.filter(user__in=people, created_at__gte=now - SPAN, metadata__failure=failure.kind)
    return {key for metadata in earlier.values_list("metadata", flat=True) for key in metadata.get("problems", [])}


def _broken_log(now: datetime) -> Sequence[ActivityEntry]:
    """The last verification, where it found something."""
    last = last_verification()
    return [last] if last and last.event_type == AUDIT_BROKEN and last.created_at >= now - SPAN else []


def _problems(entry: ActivityEntry) -> list[str]:
    context: Any = entry.context
    findings, count = context.get("findings") or [], context.get("finding_count")
    keys = [f"{each.get('kind')} {each.get('link')} {each.get('entry')}" for each in findings]
    return keys if count == len(findings) else [*keys, f"{count} problems"]


def _failed_deletions(now: datetime) -> Sequence[ActivityEntry]:
    entries = ActivityEntry.objects.filter(event_type=DELETION_FAILED, created_at__gte=now - SPAN)
    return list(entries.order_by("-created_at")[:MAX_ENTRIES])


FAILURES = (
    Failure(
        kind=AUDIT_BROKEN, title="The activity log is not as it was written", severity="critical", page="admin:audit",
        entries=_broken_log, keys=_problems,
    ),
    Failure(
        kind=DELETION_FAILED, title="Retention stopped: rows could not be exported or deleted", severity="high",
        page="admin:retention", entries=_failed_deletions, keys=lambda entry: [str(entry.error_message)],
    ),
)  # fmt: skip
