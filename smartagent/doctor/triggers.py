"""Checks of functions, triggers, rows and people that are synchronized with the old application."""

from collections.abc import Iterator
from datetime import datetime

from django.db.backends.base.base import BaseDatabaseWrapper

from rules.models import ActivityEntry
from smartagent.adoption.sync.base import Synchronising
from smartagent.adoption.sync.people import PLACEHOLDERS, placeholders
from smartagent.adoption.sync.sync_changes import people
from smartagent.doctor.findings import Finding, warning
from smartagent.doctor.migrations import Migrated
from smartagent.doctor.schema_findings import finding_of

SYNC_FAILED = "sync_failed"
SYNC_FIX = "Fix the error; `manage.py doctor --fix` then adds missing people."
MAX_COUNTED_ROWS = 1000


def check_step(connection: BaseDatabaseWrapper, migrated: Migrated) -> Iterator[Finding]:
    """Nothing that an applied migration created may be missing."""
    for operation in migrated.synchronising():
        for change in operation.lacks(connection):
            yield finding_of(subject_of(operation), change)


def subject_of(operation: Synchronising) -> str:
    """The table of an operation."""
    return str(getattr(operation, "table", None) or getattr(operation, "given", None) or "functions")


def check_people(connection: BaseDatabaseWrapper) -> Iterator[Finding]:
    """Everybody must have an e-mail address to sign in with."""
    for ending, count in placeholders(connection).items():
        why, _, fix = PLACEHOLDERS[ending].partition("; ")
        problem = f"{people(count)} cannot sign in by e-mail: {why}. Their addresses here end in {ending}."
        yield warning("people", problem, _capitalised(fix))


def check_sync(now: datetime) -> Iterator[Finding]:
    """Failures of triggers in the last day; they did not fail statements of the old application."""
    failed = ActivityEntry.objects.filter(event_type=SYNC_FAILED).last_day(now).order_by("-created_at")
    newest = list(failed.values_list("error_message", flat=True)[:MAX_COUNTED_ROWS])
    if newest:
        changes = "1 change was" if len(newest) == 1 else f"{len(newest):,} changes were"
        problem = f"{changes} not synchronised with the old application in the last day; the newest: {newest[0]}."
        yield warning("old application", problem, SYNC_FIX)


def _capitalised(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]} (the page People)."
