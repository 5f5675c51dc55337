"""Checks of the scheduled backups: the last one went well, and is not too old."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings

from rules.models import ActivityEntry
from smartagent.backup.events import BACKUP_FAILED, BACKUP_MADE, BY_SCHEDULE
from smartagent.backup.rotation import backups_in
from smartagent.doctor.findings import Finding, error, warning
from smartagent.doctor.schema_findings import about

GRACE = timedelta(hours=2)
TRY_IT = "Run `manage.py backup --scheduled`, which says what is wrong."


def check_backups(now: datetime) -> Iterator[Finding]:
    """Where BACKUP_FOLDER is set, it has a recent backup, and the last try did not fail."""
    if not settings.BACKUP_FOLDER or settings.BACKUP_EVERY_HOURS <= 0:
        return
    tried = ActivityEntry.objects.filter(event_type__in=[BACKUP_MADE, BACKUP_FAILED])
    last = tried.filter(context__by_name=BY_SCHEDULE["by_name"]).order_by("-created_at").first()
    if last is not None and last.event_type == BACKUP_FAILED:
        when = f"The last backup, {about(now - last.created_at)} ago,"
        yield error("backup", f"{when} failed: {last.error_message}", TRY_IT)
        return
    yield from _age(Path(settings.BACKUP_FOLDER), now)


def _age(folder: Path, now: datetime) -> Iterator[Finding]:
    """The files themselves may have been deleted, or be on a disk that is not mounted."""
    found = backups_in(folder)
    if not found:
        yield warning("backup", f"{folder} has no backup yet.", TRY_IT)
        return
    age = now - found[0].manifest.created_at
    if age > timedelta(hours=settings.BACKUP_EVERY_HOURS) + GRACE:
        yield error("backup", f"The newest backup in {folder} is {about(age)} old.", TRY_IT)
