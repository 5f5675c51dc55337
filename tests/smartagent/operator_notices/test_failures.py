"""Operators are notified of a log that is not as it was written, and of retention that stopped; once."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from notifications.models import Notification, SelfTestRun
from rules.audit.acceptance import accept
from rules.audit.sealing import seal
from rules.models import ActivityEntry, AuditLink
from rules.tasks import verify_entries
from smartagent.doctor.self_test import check_self_test
from smartagent.operator_notices.failures import notify_of_failures
from smartagent.retention.deletion import delete_old
from tests.entries import change_entries
from tests.rules.rule_cast import entry_of, rule_of

DAY = timedelta(days=1)


@pytest.fixture
def log(alice):
    """A sealed log of three entries."""
    now, rule = timezone.now(), rule_of(alice)
    for _ in range(3):
        entry_of(rule, now)
    seal(now)
    return rule


def notices():
    """The notifications, by person and title."""
    return [(each.user.full_name, each.title) for each in Notification.objects.order_by("user__full_name", "title")]


def a_day_later():
    """All notifications are of more than a day ago."""
    Notification.objects.update(created_at=timezone.now() - DAY - timedelta(minutes=1))


def test_a_broken_log(log, ada, olga, audra, alice):
    verify_entries()
    notify_of_failures()
    assert notices() == []
    broken = ActivityEntry.objects.filter(rule=log)[:2]
    change_entries(ActivityEntry.objects.filter(pk=broken[0].pk), action_taken="x")
    verify_entries({"by_name": "Ada"})  # as the button does
    for _ in range(2):
        notify_of_failures()
    title = "The activity log is not as it was written"
    assert notices() == [("Ada", title), ("Olga", title)]
    sent = Notification.objects.filter(user=ada).get()
    assert (sent.type, sent.severity, sent.action_url) == ("error", "critical", "/log-verification/")
    assert "1 problem found: An entry of" in sent.message

    verify_entries()  # the same, again
    notify_of_failures()
    assert len(notices()) == 2
    change_entries(ActivityEntry.objects.filter(pk=broken[1].pk), action_taken="x")
    verify_entries()
    notify_of_failures()
    assert len(notices()) == 4, "another finding"
    a_day_later()
    notify_of_failures()
    notify_of_failures()
    assert len(notices()) == 6, "once a day"


def test_what_was_accepted_is_no_failure_any_more(log, ada):
    now = timezone.now()
    entry_of(log, now - DAY, executed_at=None)
    seal(now)
    verify_entries()
    accept([AuditLink.objects.get(kind="late").number], "Known", {"by_name": "Ada"}, now)
    verify_entries()
    notify_of_failures()
    assert notices() == []


def test_retention_that_stopped(alice, ada, settings, tmp_path):
    settings.ACTIVITY_KEEP_DAYS = 30
    entry_of(rule_of(alice), timezone.now() - 90 * DAY)
    seal(timezone.now())
    (tmp_path / "file").write_text("")
    settings.EXPORT_BEFORE_DELETION_FOLDER = str(tmp_path / "file" / "folder")
    for _ in range(2):
        delete_old()
        notify_of_failures()
    [sent] = Notification.objects.all()
    assert sent.title == "Retention stopped: rows could not be exported or deleted"
    assert (sent.user, sent.severity, sent.action_url) == (ada, "high", "/retention/")
    assert sent.message.startswith("Retention stopped. ")
    assert ActivityEntry.objects.filter(event_type="deletion_failed").count() == 2


def test_the_doctor_names_a_failing_self_test(db, capsys):
    now = timezone.now()
    stages = [{"stage": "alert", "status": "failed", "milliseconds": 1, "error": "no answer"}]

    def run(ago, failed):
        started = now - timedelta(minutes=ago)
        SelfTestRun.objects.create(
            trigger="schedule", started_at=started, finished_at=started, stages=stages, passed=7 - failed, failed=failed
        )

    run(70, 0)
    run(10, 1)
    [finding] = check_self_test(now)
    assert (finding.severity, finding.subject) == ("warning", "self-test")
    assert finding.problem.startswith(
        "The last self-test, 10m ago, failed (7 % of the stages of a day): alert: no answer"
    )
    run(5, 7)
    assert [each.severity for each in check_self_test(now)] == ["error"]
    with pytest.raises(SystemExit):
        call_command("doctor")
    assert "The last self-test" in capsys.readouterr().out
    run(1, 0)
    assert list(check_self_test(now)) == []
