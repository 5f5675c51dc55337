"""A legacy database is taken over in place: nothing of theirs is lost, both applications work, all can be undone."""

import io
import json
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from notifications.models import Notification
from optimizer.models import ActionLog, FusionMetric, OptimizationEvent
from rules.evaluation.dispatcher import dispatch
from rules.models import ActivityEntry, AuditEvent, AutomationRule, FusionScore, Integration, MetricSample
from smartagent.adoption.table_grants import exposed
from smartagent.models import User
from tests.legacy import people
from tests.legacy.database import Database
from tests.legacy.shapes import MANY, NEW, SHAPES
from tests.smartagent.adoption.conftest import Takeover
from tests.smartagent.doctor.conftest import _nothing_is_remembered, _tests_are_local, looked

__all__ = ["_nothing_is_remembered", "_tests_are_local"]

USUAL = dict.fromkeys(SHAPES, "usual") | {"automation_rules": "newer", "notifications": "A"}
MIXTURES: dict[str, dict[str, str]] = {
    "the first scripts": USUAL | {"automation_rules": "older", "profiles": "without owners"},
    "with a touch": USUAL | {"notifications": "B", "fusion_audit_log": "other"},
    "the newer scripts": USUAL | {"notifications": "C"},
    "by hand": USUAL | {"notifications": "D, text", "automation_rules": "none", "profiles": "none"},
    "by hand with times": USUAL | {"notifications": "D, times", "automation_rules": "older", "integrations": "none"},
    "by hand with a status": USUAL | {"notifications": "D, status"},
    "half-way": dict.fromkeys(SHAPES, "none")
    | {"automation_rules": "older", "notifications": "C", "fusion_scores": "usual"},
}


def built(takeover: Takeover, mixture: dict[str, str]) -> Database:
    shapes = dict(mixture)
    return Database(takeover, profiles=shapes.pop("profiles", "with owners"), shapes=shapes)


@pytest.fixture(params=MIXTURES.values(), ids=list(MIXTURES))
def database(request: pytest.FixtureRequest, takeover: Takeover) -> Database:
    return built(takeover, request.param)


def failed_checks() -> list[dict[str, Any]]:
    """What `verify` finds wrong."""
    out = io.StringIO()
    with suppress(SystemExit):
        call_command("verify", format="json", stdout=out)
    report = json.loads(out.getvalue())
    failed = [check for check in report["checks"] if not check["ok"]]
    assert report["checks"]
    assert report["ok"] is not bool(failed)
    return failed


def test_all_of_it(database: Database) -> None:
    """One long story on each database, since to build one is what takes the time."""
    catalog, rows = database.catalog(), database.rows()
    database.takeover.forwards()
    assert database.rows() == rows, "rows of theirs are as they were"
    assert database.takeover.lacks() == []
    check_that_it_is_healthy(database)
    check_that_people_are_here(database)
    check_that_old_rows_are_seen(database)
    assert failed_checks() == []
    assert database.rows() == rows, "verify leaves nothing behind"
    assert_nothing_to_do(database)
    for table, shape in database.found():
        for statement in shape.writes:
            database.as_the_old_application(statement)
        CHECKS[table](database)
    check_that_their_functions_do_what_they_say(database)
    check_that_they_may_delete(database)
    written = database.rows()
    check_that_a_newer_writer_gets_through(database)
    check_that_ours_are_seen_there(database)
    assert exposed(connection) == []
    check_that_it_can_be_given_back(database, catalog, written)


def assert_nothing_to_do(database: Database) -> None:
    before = database.catalog()
    call_command("migrate", verbosity=0)
    assert database.catalog() == before


def check_that_it_is_healthy(database: Database) -> None:
    """The doctor finds each table adopted, and counts the rows that we cannot show."""
    report = looked()
    assert report.ok, [each.as_dict() for each in report.findings]
    known = {table.table: table for table in report.tables}
    assert {known[table].state.value for table, _ in database.found() if table in known} == {"adopted"}
    assert any("without-email.invalid" in each.problem for each in report.findings)
    for table, shown in (("automation_rules", AutomationRule), ("notifications", Notification)):
        if database.shapes[table] != "none":
            total = database.value(f"SELECT count(*) FROM {table}")
            assert (known[table].rows, known[table].unrepresentable) == (total, total - shown.objects.count())


def check_that_people_are_here(database: Database) -> None:
    known = {str(user.pk): user for user in User.objects.all()}
    assert set(known) == {people.ALICE, people.BEN, people.CAROL, people.DORA, people.EMIL, people.FAY, people.GUS}
    alice, gus = known[people.ALICE], known[people.GUS]
    assert {alice.email, gus.email} == {"alice@old.example", f"{people.GUS}@same-email.invalid"}
    assert known[people.FAY].email == f"{people.FAY}@without-email.invalid"
    assert known[people.EMIL].full_name == "Emil Old"
    signed_in = authenticate(username="ben@old.example", password=people.PASSWORD)
    assert str(signed_in.pk if signed_in else "") == people.BEN
    with_profiles, with_owners = database.profiles != "none", database.profiles == "with owners"
    assert known[people.CAROL].is_staff is with_profiles
    assert known[people.DORA].is_superuser is with_owners
    assert alice.full_name == ("Alice Profile" if with_profiles else "Alice Old")


def check_that_old_rows_are_seen(database: Database) -> None:
    shapes = dict(database.found())
    columns = database.columns.get("notifications", [])
    if database.shapes["notifications"] == "D, status":
        # A column of theirs is not filled by us: where nobody has said a status that we know, we do not know it.
        assert Notification.objects.count() == len(range(3, MANY + 1, 3))
    elif columns:
        assert Notification.objects.count() == MANY
    if "is_read" in columns and "status" not in columns:
        read = database.value("SELECT count(*) FROM notifications WHERE is_read")
        assert Notification.objects.filter(status="read").count() == read
    if database.shapes["notifications"] == "D, text":
        assert Notification.objects.get(title="Old 7").metadata == {"text": "no {json"}
        assert Notification.objects.get(title="Old 8").metadata == {"metric": "cpu"}
    if "fusion_audit_log" in shapes:
        assert AuditEvent.objects.filter(severity="error").count() == len(range(1, MANY + 1, 3))
        assert AuditEvent.objects.filter(message="no route").count() == len(range(1, MANY + 1, 6))
        assert not AuditEvent.objects.filter(message="").exists()
    if "fusion_scores" in shapes:
        assert (
            MetricSample.objects.filter(
                series__user=people.ALICE, series__metric="fusion_score", series__target=""
            ).count()
            >= 500
        )
    if "fusion_optimization_events" in shapes:
        states = sorted(OptimizationEvent.objects.values_list("status", flat=True))
        assert states == ["applied", "expired", "expired", "proposed"]
    rules = {"newer": 2}.get(database.shapes["automation_rules"], 0)
    assert AutomationRule.objects.count() == rules


def _rules(database: Database) -> None:
    if database.shapes["automation_rules"] == "newer":
        rule = AutomationRule.objects.get(pk=NEW)
        assert (rule.status, rule.trigger_count, rule.severity) == ("paused", 1, "medium")
    else:
        assert not AutomationRule.objects.exists()
        assert database.value("SELECT count(*) FROM automation_rules") == 2


def _notifications(database: Database) -> None:
    new = Notification.objects.get(pk=NEW)
    assert (new.status, new.read_at is not None) == ("read", True)
    assert Notification.objects.get(title="Seen").status == "read"


def _activity(database: Database) -> None:
    assert ActivityEntry.objects.get(pk=NEW).status == "success"
    dispatch(timezone.now(), "command")
    assert ActivityEntry.objects.get(action_taken="did it").status == "pending", "their queue is not ours"


def _scores(database: Database) -> None:
    assert FusionScore.objects.get(user=people.ALICE).fusion_score == 44
    assert MetricSample.objects.filter(series__user=people.ALICE, value=44, series__target="").exists()
    assert MetricSample.objects.filter(series__user=people.BEN, value=12).exists()


def _audit(database: Database) -> None:
    event = AuditEvent.objects.get(pk=NEW)
    assert (event.severity, event.message) == ("error", "refused")


def _optimizations(database: Database) -> None:
    assert OptimizationEvent.objects.get(pk=NEW).status == "applied"


CHECKS = {
    "automation_rules": _rules,
    "notifications": _notifications,
    "agent_activity_log": _activity,
    "fusion_scores": _scores,
    "fusion_audit_log": _audit,
    "fusion_optimization_events": _optimizations,
    "fusion_action_log": lambda _: ActionLog.objects.get(pk=NEW, status="success"),
    "integrations": lambda _: Integration.objects.get(pk=NEW, status="error"),
    "fusion_metrics": lambda _: FusionMetric.objects.get(pk=NEW),
}


def check_that_ours_are_seen_there(database: Database) -> None:
    """A person whom we made, and nobody there knows, has things in each of their tables."""
    nell = User.objects.create_user("nell@ours.example", "x")
    rule = AutomationRule.objects.create(
        user=nell, rule_name="ours", metric_type="made_up", condition_operator=">", threshold_value=1,
        action_type="log", status="draft",
    )  # fmt: skip
    notice = Notification.objects.create(
        user=nell, rule=rule, type="notify", title="ours", message="m", severity="high", metadata={"metric": "made_up"}
    )
    Notification.objects.filter(pk=notice.pk).mark_read(timezone.now())
    ActivityEntry.objects.create(user=nell, rule=rule, event_type="rule_fired", action_taken="log", status="skipped")
    FusionScore.objects.create(user=nell, fusion_score=50)
    AuditEvent.objects.create(user=nell, event_type="an event of ours", severity="critical", message="m")
    Integration.objects.create(user=nell, integration_type="a type of ours", status="active")
    event = OptimizationEvent.objects.create(
        user=nell, rule=rule, source_event_type="smart_agent_made_up", optimization_action="auto", efficiency_index=99
    )
    OptimizationEvent.objects.filter(pk=event.pk).update(status="applied")
    ActionLog.objects.create(user=nell, event=event, action_type="refresh")
    FusionMetric.objects.create(user=nell, metric_name="ours")
    for table in ("notifications", "agent_activity_log", "fusion_scores", "fusion_audit_log", "integrations"):
        assert database.value(f"SELECT count(*) FROM {table} WHERE user_id = '{nell.pk}'") == 1, table
    if "is_read" in database.columns.get("notifications", []):
        assert database.value(f"SELECT is_read FROM notifications WHERE id = '{notice.pk}'") is True
        check_that_a_snooze_is_seen_there(database, notice)
    if "fusion_optimization_events" in database.columns:
        assert database.value(f"SELECT applied FROM fusion_optimization_events WHERE id = '{event.pk}'") is True
    audited = AuditEvent.objects.get(user=nell)
    assert (audited.severity, audited.message) == ("critical", "m")
    if "fusion_score_history" in database.columns:
        # Their own trigger has written this, and refers to nobody: it would stay.
        kept = database.sql(f"DELETE FROM fusion_score_history WHERE user_id = '{nell.pk}' RETURNING fusion_score")
        assert kept == [(50,)]


def check_that_a_snooze_is_seen_there(database: Database, notice: Notification) -> None:
    """Snoozed is unread there; whoever reads it there has read it here."""
    mine, now = Notification.objects.filter(pk=notice.pk), timezone.now()
    assert mine.snooze(now + timedelta(hours=1)) == 1
    assert database.value(f"SELECT is_read FROM notifications WHERE id = '{notice.pk}'") is False
    assert (mine.get().status, mine.unread(now).exists(), mine.snoozed(now).exists()) == ("unread", False, True)
    assert mine.unread(now + timedelta(hours=1)).exists()
    database.as_the_old_application(f"UPDATE notifications SET is_read = true WHERE id = '{notice.pk}'")
    assert (mine.get().status, mine.unread(now + timedelta(hours=1)).exists()) == ("read", False)
    assert (mine.snooze(now + timedelta(hours=1)), mine.archive(now)) == (1, 1)
    assert database.value(f"SELECT is_read FROM notifications WHERE id = '{notice.pk}'") is True
    assert mine.get().snoozed_until is None


def check_that_their_functions_do_what_they_say(database: Database) -> None:
    if "notifications" not in database.columns:
        return
    inbox = Notification.objects.filter(user=people.ALICE)
    unread = inbox.filter(status="unread")
    count, first = unread.count(), unread.order_by("id")[0]
    assert database.asked_by(people.ALICE, "get_unread_notification_count()") == count > 1
    database.asked_by(people.BEN, f"mark_notification_read('{first.pk}')")
    assert unread.count() == count, "not his"
    database.asked_by(people.ALICE, f"mark_notification_read('{first.pk}')")
    assert unread.count() == count - 1
    database.asked_by(people.ALICE, "mark_all_notifications_read()")
    assert (unread.count(), inbox.filter(status="read", read_at=None).count()) == (0, inbox_read_before_us(database))
    inbox.filter(pk=first.pk).update(status="archived", archived_at=timezone.now() - timedelta(days=100))
    database.asked_by(people.ALICE, "cleanup_old_notifications()")
    assert not inbox.filter(pk=first.pk).exists()


def inbox_read_before_us(database: Database) -> int:
    """Of those nobody knows when they were read."""
    if "status" in database.columns["notifications"]:
        return 0
    return int(database.value(f"SELECT count(*) FROM notifications WHERE user_id = '{people.ALICE}' AND {OLD}"))


# As the rows were made: see `ROWS_A`.
OLD = "title LIKE 'Old %' AND substr(title, 5)::int % 3 > 0 AND substr(title, 5)::int % 2 = 0"


def check_that_they_may_delete(database: Database) -> None:
    """Rows that ours refer to, and people."""
    gus = User.objects.get(pk=people.GUS)
    Notification.objects.create(user=gus, type="alert", title="x", message="x")
    if database.shapes["automation_rules"] == "newer":
        rule = AutomationRule.objects.get(pk=NEW)
        rule.states.create(user=gus, since=timezone.now())
        ActivityEntry.objects.create(user=gus, rule=rule, event_type="rule_fired", action_taken="log")
        database.as_the_old_application(f"DELETE FROM automation_rules WHERE id = '{NEW}'")
        assert not AutomationRule.objects.filter(pk=NEW).exists()
    database.sql(f"DELETE FROM auth.users WHERE id = '{people.GUS}'")
    gus.refresh_from_db()
    assert not gus.is_active
    database.sql(f"INSERT INTO auth.users (id, email) VALUES ('{people.GUS}', 'gus@old.example')")


def check_that_a_newer_writer_gets_through(database: Database) -> None:
    """What its words and columns were refused for, before us."""
    if "notifications" not in database.columns:
        return
    database.as_the_old_application(f"""
        INSERT INTO notifications (user_id, rule_id, type, title, message, severity, status, metadata)
        VALUES ('{people.BEN}', NULL, 'alert', 'Newer', 'm', 'critical', 'unread', '{{"metric": "cpu"}}')""")
    found = Notification.objects.get(title="Newer")
    assert (found.type, found.severity, found.metadata) == ("alert", "critical", {"metric": "cpu"})
    found.delete()


def check_that_it_can_be_given_back(database: Database, catalog: dict[str, Any], rows: dict[str, Any]) -> None:
    database.takeover.backwards("optimizer", "notifications", "rules", "smartagent")
    database.assert_given_back(catalog)
    assert database.rows() == rows, "what they wrote meanwhile is there, and nothing of ours"
    database.takeover.forwards()
    assert database.takeover.lacks() == []
