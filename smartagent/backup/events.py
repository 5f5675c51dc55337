"""Backups in the activity log, for RULES_EVENTS, and the notice to operators when one fails."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.urls import reverse

from notifications.gateway import Message, post
from notifications.routing.roles import ADMINISTRATORS, OPERATORS
from rules.engine.event_kinds import EventKind
from rules.models import ActivityEntry
from smartagent.kernel.command_line import actor_facts
from smartagent.models import User

BACKUP_MADE, BACKUP_FAILED, BACKUP_RESTORED = "backup_made", "backup_failed", "backup_restored"
BACKUP_EVENTS = (
    EventKind(kind=BACKUP_MADE, label="backup made", tone="success", sentence="{by_name}: backup {file}. {result}"),
    EventKind(kind=BACKUP_FAILED, label="backup failed", tone="danger", sentence="{by_name}: backup failed. {result}"),
    EventKind(
        kind=BACKUP_RESTORED, label="backup restored", tone="warning", sentence="{by_name} restored {file}. {result}"
    ),
)
BY_SCHEDULE = {"by_name": "Schedule"}


def log_backup(kind: str, now: datetime, by: Any, *, file: str, result: str) -> None:
    """Write an entry; without `by` the schedule has done it."""
    failed = kind == BACKUP_FAILED
    ActivityEntry.objects.create(
        agent_name="backup", event_type=kind, action_taken="none", created_at=now, executed_at=now,
        context={"file": file, "result": result} | (actor_facts(by) if by else BY_SCHEDULE),
        status="failed" if failed else "success", error_message=result if failed else "",
    )  # fmt: skip


def notify_operators(result: str, now: datetime) -> int:
    """Notify operators and administrators of a backup that failed; return the number of notifications."""
    people = User.objects.people().filter(is_active=True)
    roles = people.filter(groups__name__in=[OPERATORS, ADMINISTRATORS])
    keys = {*roles.values_list("pk", flat=True), *people.filter(is_superuser=True).values_list("pk", flat=True)}
    messages = [
        Message(
            user_id=key, type="error", severity="high", reason="other", title="The backup failed", message=result,
            action_url=reverse("admin:schema"),
        )
        for key in keys
    ]  # fmt: skip
    with transaction.atomic():
        return post(messages, now) if messages else 0
