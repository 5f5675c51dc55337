"""`manage.py verify` says ok where all is well, says what is wrong where it is not, and leaves nothing behind."""

import json
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection

from rules.models import ActivityEntry, AutomationRule, DispatchRun, MetricSample
from smartagent.models import User


def verify(**options):
    out = StringIO()
    try:
        call_command("verify", stdout=out, **options)
    except SystemExit as stop:
        return stop.code, out.getvalue()
    return 0, out.getvalue()


@pytest.fixture
def legacy_check(db):
    """The CHECK of a legacy table that knows no alerts."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE notifications ADD CONSTRAINT theirs CHECK (type <> 'alert')")


@pytest.mark.django_db
def test_all_is_well_and_nothing_stays():
    code, out = verify(format="json")
    report = json.loads(out)
    assert (code, report["ok"]) == (0, True), report
    assert (report["rules_evaluated"], report["actions_triggered"]) == (5, 3)
    for model in (User, AutomationRule, ActivityEntry, DispatchRun, MetricSample):
        assert not model.objects.exists()


def test_an_action_that_cannot_be_done_fails_the_verification_with_its_cause(legacy_check):
    code, out = verify(format="json")
    failed = {check["name"]: check["detail"] for check in json.loads(out)["checks"] if not check["ok"]}
    assert code == 1
    assert 'violates check constraint "theirs"' in failed["alert if fusion_score < 70 fired once and acted"]
    assert "one notify is in the inbox" not in failed


@pytest.mark.django_db
def test_a_missing_table_is_a_failed_check_not_a_traceback():
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE metric_samples")
    code, out = verify(format="markdown")
    assert code == 1
    assert "The table metric_samples is missing in the database." in out


@pytest.mark.django_db
def test_the_report_for_people_has_a_timeline():
    code, out = verify(format="markdown")
    assert code == 0
    assert "Everything works." in out
    assert "alert if fusion_score < 70: rule_fired, alert, success (fusion_score 55 against < 70)" in out
