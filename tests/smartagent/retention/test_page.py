"""The page Retention and its twin by REST: what is kept, how large it becomes, when it is deleted."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from django_q.models import Schedule

from rules.models import DispatchRun
from smartagent.models import User
from smartagent.retention import measurement, overview
from smartagent.retention.kinds import KINDS
from smartagent.retention.overview import retention_overview
from tests.api import Program
from tests.rules.rule_cast import entry_of, rule_of, run_at

DAY = timedelta(days=1)


def kinds_of(program: Program) -> dict[str, Any]:
    return {each["kind"]: each for each in program.get("retention/")["kinds"]}


def test_what_is_kept_and_when_it_is_deleted(
    ada: User, alice: User, client_of: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_at(timezone.now() - timedelta(minutes=5))
    assert kinds_of(Program(ada))["runs"]["projected_bytes"] is None  # too few to say
    DispatchRun.objects.all().delete()
    monkeypatch.setattr(overview, "MIN_PROJECTED_ROWS", 1)
    settings.RUNS_KEEP_DAYS, settings.EXPORT_BEFORE_DELETION_FOLDER = 30, "/exports"
    now, soon = timezone.now(), timezone.now() + timedelta(hours=3)
    Schedule.objects.filter(func="smartagent.retention.deletion.delete_old").update(next_run=soon)
    oldest, _ = run_at(now - 10 * DAY), run_at(now - timedelta(minutes=5))
    entry_of(rule_of(alice), now - timedelta(hours=2))
    found = kinds_of(Program(ada))
    runs, entries, series = found["runs"], found["activity"], found["series"]
    assert (runs["rows"], runs["rows_exact"], runs["rows_per_day"], runs["keep_days"]) == (2, True, 1, 30)
    assert runs["oldest"] == oldest.started_at.isoformat().replace("+00:00", "Z")
    assert runs["next_deletion"][:16] == f"{now + 20 * DAY:%Y-%m-%dT%H:%M}"
    assert runs["projected_bytes"] == pytest.approx(runs["size_bytes"] * 15, abs=1)
    assert (entries["kept_for"], entries["keep_days"], entries["next_deletion"]) == ("for ever", None, None)
    assert entries["projected_bytes"] == entries["size_bytes"] * 366
    assert (series["rows_per_day"], series["projected_bytes"]) == (None, None)
    assert {each["table"] for each in Program(ada).get("retention/")["other_tables"]} > {"automation_rules"}
    DispatchRun.objects.filter(pk=oldest.pk).update(started_at=now - 31 * DAY)
    page = client_of(ada).get("/retention/").content.decode()
    assert "RUNS_KEEP_DAYS" in page
    assert "30 days" in page
    assert '<code class="sa-code">/exports</code> before they are deleted' in page
    assert kinds_of(Program(ada))["runs"]["next_deletion"] == soon.isoformat().replace("+00:00", "Z")


def test_large_tables_are_estimated(ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    now = timezone.now()
    DispatchRun.objects.bulk_create(
        DispatchRun(trigger="schedule", outcome="completed", evaluated_at=at, started_at=at)
        for at in (now - hour * timedelta(hours=1) for hour in range(240))
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE dispatch_runs, metric_samples, notifications")
    monkeypatch.setattr(measurement, "COUNTED_BYTES", 0)
    found = {each.kind.name: each.growth for each in retention_overview(now).kinds}
    assert set(found) == {each.name for each in KINDS}
    assert (found["runs"].rows, found["runs"].exact) == (240, False)
    assert found["runs"].oldest is not None
    assert found["runs"].oldest == found["runs"].due == now - 239 * timedelta(hours=1)
    assert found["runs"].per_day == pytest.approx(24, abs=3)
    assert found["samples"].oldest is None
