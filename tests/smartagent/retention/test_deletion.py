"""Rows that exceed their retention are deleted in batches, exported before, while others write; the rest stays."""

import gzip
import json
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.utils import timezone
from django_q.models import Task

from notifications.delivery.retention import forget_old
from notifications.models import Delivery, DeliveryAttempt, Notification
from rules.audit.sealing import seal
from rules.audit.verification import Verifier
from rules.models import ActivityEntry, DispatchRun, Feedback
from rules.models.audit import entries_may_change
from rules.text.entry import entry_in_words
from smartagent.kernel.row_export import ExportFailed, RowExport
from smartagent.models import User
from smartagent.retention import deletion
from smartagent.retention.deletion import delete_old
from smartagent.setup.schedules import wanted
from tests.databases import connection_of_its_own
from tests.rules.rule_cast import entry_of, rule_of, run_at

NOW = timezone.now()
DAY = timedelta(days=1)


@pytest.fixture
def old(alice: User, settings: Any) -> dict[str, list[Any]]:
    """Of each kind what may go and what stays, with a retention of thirty days."""
    for name in ("ACTIVITY", "RUNS", "ESCALATIONS", "TASKS", "ADMIN_LOG"):
        setattr(settings, f"{name}_KEEP_DAYS", 30)
    rule = rule_of(alice)
    named, unnamed, young = (run_at(NOW - days * DAY) for days in (40, 41, 3))
    gone = entry_of(rule, NOW - 31 * DAY)
    Feedback.objects.create(rule=rule, entry=gone, user=alice, useful=True)
    pending = entry_of(rule, NOW - 60 * DAY, run=named, status="pending")
    kept = entry_of(rule, NOW - 29 * DAY)
    for days in (31, 29):
        at = NOW - days * DAY
        Task.objects.create(id=str(days), name="x", func="rules.tasks.tick", started=at, stopped=at, success=False)
        line = LogEntry.objects.create(user=alice, action_flag=1, object_repr="x", change_message="")
        LogEntry.objects.filter(pk=line.pk).update(action_time=at)
    return {"gone": [gone, unnamed], "kept": [pending, kept, named, young]}


def rows_of(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in gzip.decompress(file.read_bytes()).decode().splitlines()]


def test_what_is_too_old_is_exported_and_deleted(old: Any, tmp_path: Path, settings: Any) -> None:
    settings.EXPORT_BEFORE_DELETION_FOLDER = str(tmp_path / "exports")
    assert delete_old(NOW) == "activity entries (1), runs (1), escalations (0), tasks (1), lines of the admin log (1)"
    assert not any(type(each).objects.filter(pk=each.pk).exists() for each in old["gone"])
    assert all(type(each).objects.filter(pk=each.pk).exists() for each in old["kept"])
    assert [LogEntry.objects.count(), Task.objects.count(), Feedback.objects.count()] == [1, 1, 0]
    files = {each.name.split("-")[0]: rows_of(each) for each in (tmp_path / "exports").iterdir()}
    assert {table: len(rows) for table, rows in files.items()} == {
        "agent_activity_log": 1, "rule_feedback": 1, "dispatch_runs": 1, "django_q_task": 1, "django_admin_log": 1,
    }  # fmt: skip
    assert files["agent_activity_log"][0]["id"] == str(old["gone"][0].pk)
    entry = ActivityEntry.objects.get(event_type="rows_deleted")
    assert entry_in_words(entry, "") == (
        "Retention deleted activity entries (1), lines of the admin log (1), runs (1), tasks (1). "
        f"They were exported to {tmp_path}/exports before."
    )
    delete_old(NOW)
    assert ActivityEntry.objects.filter(event_type="rows_deleted").count() == 1
    (schedule,) = (each for each in wanted() if each.func == "smartagent.retention.deletion.delete_old")
    assert schedule.minutes == 24 * 60


def test_nothing_is_deleted_where_it_cannot_be_exported(old: Any, alice: User, tmp_path: Path, settings: Any) -> None:
    (tmp_path / "file").write_text("no folder")
    settings.EXPORT_BEFORE_DELETION_FOLDER = str(tmp_path / "file" / "exports")
    ago = NOW - 999 * DAY
    Notification.objects.create(user=alice, type="alert", title="T", message="M", status="archived", archived_at=ago)
    assert "could not be exported" in delete_old(NOW)
    assert forget_old(NOW) == {"notifications": 0, "deliveries": 0}
    assert all(type(each).objects.filter(pk=each.pk).exists() for each in old["gone"] + old["kept"])
    first, second = ActivityEntry.objects.filter(event_type="deletion_failed", status="failed")
    assert "Not a directory" in first.error_message
    assert "Deleted before: nothing." in entry_in_words(second, "")
    settings.EXPORT_BEFORE_DELETION_FOLDER = ""
    settings.ACTIVITY_KEEP_DAYS = settings.RUNS_KEEP_DAYS = 0
    assert delete_old(NOW).startswith("activity entries (0), runs (0)")


def test_deliveries_are_exported_with_their_attempts(alice: User, tmp_path: Path, settings: Any) -> None:
    settings.EXPORT_BEFORE_DELETION_FOLDER = str(tmp_path)
    ago = NOW - 400 * DAY
    delivery = Delivery.objects.create(
        user=alice, title="T", status="delivered", settled_at=ago, expires_at=ago, created_at=ago
    )
    DeliveryAttempt.objects.create(delivery=delivery, number=1)
    assert forget_old(NOW)["deliveries"] == 1
    files = {each.name.split("-")[0]: rows_of(each) for each in tmp_path.iterdir()}
    assert files["deliveries"][0]["id"] == files["delivery_attempts"][0]["delivery_id"] == str(delivery.pk)


def test_a_batch_that_is_not_committed_is_cut_off_again(tmp_path: Path) -> None:
    export = RowExport(tmp_path / "exports", NOW)
    with pytest.raises(ZeroDivisionError), export.batch({"one": ['{"a": 1}']}):
        raise ZeroDivisionError
    assert not export.file("one").exists()
    with export.batch({"one": ['{"a": 1}'], "none": []}):
        pass
    with pytest.raises(ZeroDivisionError), export.batch({"one": ['{"a": 2}']}):
        raise ZeroDivisionError
    with export.batch({"one": ['{"a": 3}']}):
        pass
    assert rows_of(export.file("one")) == [{"a": 1}, {"a": 3}]
    assert [each.name for each in export.folder.iterdir()] == [export.file("one").name]
    assert export.file("one").stat().st_mode & 0o777 == 0o600
    export.file("two").mkdir()
    with pytest.raises(ExportFailed):
        export.whole("two", ['{"a": 1}'])


def test_others_go_on_writing(
    transactional_db: None, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.ACTIVITY_KEEP_DAYS, settings.EXPORT_BEFORE_DELETION_FOLDER = 30, str(tmp_path)
    monkeypatch.setattr(deletion, "DELETED_PER_QUERY", 200)
    with connection.cursor() as cursor:
        cursor.execute("""
            INSERT INTO agent_activity_log (agent_name, event_type, action_taken, status, created_at)
            SELECT 'x', 'x', 'none', 'success', now() - interval '40 days' FROM generate_series(1, 6000)""")
    stop, written, slowest = threading.Event(), [0], [0.0]

    def write() -> None:
        with connection_of_its_own() as other:
            while not stop.is_set():
                begun = time.monotonic()
                other.execute("""INSERT INTO agent_activity_log (agent_name, event_type, action_taken, status)
                                 VALUES ('x', 'x', 'none', 'success')""")
                slowest[0] = max(slowest[0], time.monotonic() - begun)
                written[0] += 1
        other.close()

    writers = [threading.Thread(target=write) for _ in range(2)]
    for each in writers:
        each.start()
    try:
        assert delete_old(NOW).startswith("activity entries (6,000)")
    finally:
        stop.set()
        for each in writers:
            each.join()
    (file,) = tmp_path.iterdir()
    assert len({row["id"] for row in rows_of(file)}) == 6000
    assert written[0] > 10
    assert slowest[0] < 2
    assert ActivityEntry.objects.filter(event_type="x").count() == written[0]
    assert Verifier().run().as_dict()["findings"] == []
    assert DispatchRun.objects.count() == 0


def test_statistics_of_empty_tables_make_no_deletion_slow(transactional_db: None, settings: Any) -> None:
    settings.ACTIVITY_KEEP_DAYS = 30
    with connection.cursor() as cursor:
        for age, count in ((0, 4000), (40, 4000), (0, 60_000)):
            cursor.execute(
                """INSERT INTO agent_activity_log (agent_name, event_type, action_taken, status, created_at)
                   SELECT 'x', 'x', 'none', 'success', now() - make_interval(days => %s)
                     FROM generate_series(1, %s)""",
                [age, count],
            )
            seal(timezone.now())
            if not age and count == 4000:
                with entries_may_change("test"):
                    cursor.execute("DELETE FROM agent_activity_log")
                cursor.execute("ANALYZE agent_activity_log, audit_unsealed")  # whose pages are empty
        cursor.execute("SET statement_timeout = '5s'; SET enable_hashjoin = off; SET enable_mergejoin = off")
        try:
            assert delete_old(NOW).startswith("activity entries (4,000)")
        finally:
            cursor.execute("RESET statement_timeout; RESET enable_hashjoin; RESET enable_mergejoin")
