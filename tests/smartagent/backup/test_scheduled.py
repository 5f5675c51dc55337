"""Backups by a schedule: checked, rotated, logged; a failure is said to operators and by the doctor."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.utils import timezone

from notifications.models import Notification
from rules.models import ActivityEntry
from smartagent.backup.rotation import set_aside
from smartagent.backup.scheduled import begin, run
from smartagent.doctor.backups import check_backups
from smartagent.models import User
from smartagent.setup.schedules import wanted
from tests.conftest import person
from tests.smartagent.backup.conftest import refusal, said


def found() -> list[str]:
    return [each.problem for each in check_backups(timezone.now())]


def test_it_is_checked_rotated_and_logged(installation: User, tmp_path: Path, settings: Any) -> None:
    settings.BACKUP_FOLDER, settings.BACKUPS_KEEP = str(tmp_path / "backups"), 2
    folder, now = tmp_path / "backups", timezone.now()
    assert found() == [f"{folder} has no backup yet."]
    assert "Restored into a scratch database, and verified." in run(now - timedelta(hours=30))
    assert found() == [f"The newest backup in {folder} is 1d 6h old."]
    settings.BACKUP_CHECK = False
    (folder / "smartagent-20200101-000000.zip").write_text("another's")
    (folder / ".smartagent-20200101-000000.zip.1.partial").write_text("of one that was killed")
    os.utime(folder / ".smartagent-20200101-000000.zip.1.partial", (0, 0))
    run(now - timedelta(hours=20))
    broken = set_aside(folder / f"smartagent-{now - timedelta(hours=20):%Y%m%d-%H%M%S}.zip")
    run(now - timedelta(hours=10))
    assert "1 old backup deleted." in said("backup", "--scheduled")
    assert found() == []
    names = {each.name for each in folder.iterdir()}
    assert len(names) == 4
    assert {broken.name, "smartagent-20200101-000000.zip"} < names
    entries = ActivityEntry.objects.filter(event_type="backup_made", status="success")
    assert {each.context["by_name"] for each in entries} == {"Schedule"}
    assert entries.count() == 4


def test_a_failure_is_said_to_operators(installation: User, tmp_path: Path, settings: Any) -> None:
    (tmp_path / "file").write_text("no folder")
    settings.BACKUP_FOLDER, olga = str(tmp_path / "file" / "backups"), person("Olga", "operators")
    assert "a part of its path is no folder" in refusal("backup", "--scheduled")
    entry = ActivityEntry.objects.get(event_type="backup_failed")
    assert (entry.status, "no folder" in entry.error_message) == ("failed", True)
    assert [each.user for each in Notification.objects.filter(title="The backup failed")] == [olga]
    (problem,) = found()
    assert problem.startswith("The last backup, ")
    assert "ago, failed: " in problem
    assert "takes nothing else" in refusal("backup", tmp_path, "--scheduled")


def test_it_has_a_schedule_where_a_folder_is_named(settings: Any) -> None:
    assert begin() == "BACKUP_FOLDER is not set."
    assert "backup" not in {each.name for each in wanted()}
    settings.BACKUP_FOLDER = "/backups"
    (backup,) = (each for each in wanted() if each.name == "backup")
    assert backup.minutes == 24 * 60
    assert backup.first_run(datetime(2026, 3, 2, 10, tzinfo=UTC)) == datetime(2026, 3, 3, 2, 30, tzinfo=UTC)
    settings.BACKUP_EVERY_HOURS = 6
    (backup,) = (each for each in wanted() if each.name == "backup")
    assert backup.first_run(datetime(2026, 3, 2, 10, tzinfo=UTC)) == datetime(2026, 3, 2, 10, tzinfo=UTC)
