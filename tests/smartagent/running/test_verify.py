"""`manage.py verify` says ok where all is well, says what is wrong where it is not, and leaves nothing behind."""

import json
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection

from optimizer.models import FusionMetric, OptimizationEvent, OptimizerPolicy
from rules.models import ActivityEntry, AutomationRule, DispatchRun, FusionScore, Integration, MetricSample
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
    assert "All checks passed." in out
    assert "alert if fusion_score < 70: rule_fired, alert, success (fusion_score 55 against < 70)" in out


STAYS = (User, AutomationRule, ActivityEntry, MetricSample, Integration, OptimizationEvent, FusionMetric, FusionScore,
         OptimizerPolicy)  # fmt: skip


@pytest.mark.django_db
def test_an_integration_comes_back_and_a_bad_reweighting_is_rolled_back(settings):
    settings.OUTBOUND_ALLOWED = []
    code, out = verify(format="json")
    found = {check["name"]: check for check in json.loads(out)["checks"]}
    assert code == 0, out
    requested = found["token, probe and refresh went over HTTP, each once"]["detail"]
    assert requested == "POST /gmail/oauth/token, GET /gmail/health, POST /gmail/refresh"
    assert found["the measured effect is improved"]["detail"].startswith("improved: 43.75 before, 100 after")
    assert found["the measured effect is worse"]["detail"].startswith("worse: 54.09 before, 47.272 after")
    assert found["the weights are as before, to the last digit"]["detail"].endswith("lively 0.48700, steady 0.5130")
    assert not any(model.objects.exists() for model in STAYS)
    assert settings.OUTBOUND_ALLOWED == []


@pytest.mark.django_db
def test_the_policy_of_the_installation_does_not_stop_it_and_stays():
    OptimizerPolicy.objects.create(stopped=True)
    assert verify(format="json")[0] == 0
    assert OptimizerPolicy.current().stopped


@pytest.mark.django_db
def test_a_proxy_of_the_environment_is_not_in_its_way(monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert verify(format="json")[0] == 0


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("missing", "check"),
    [
        ("refresh_oauth_token.RefreshOAuthToken", "token, probe and refresh went over HTTP, each once"),
        ("retry_connection.RetryConnection", "the health recovers at the next evaluations"),
        ("reweight_fusion_metrics.ReweightFusionMetrics", "a reweighting is applied"),
    ],
)
def test_an_operation_that_is_missing_fails_the_verification(settings, missing, check):
    settings.OPTIMIZER_OPERATIONS = [path for path in settings.OPTIMIZER_OPERATIONS if not path.endswith(missing)]
    code, out = verify(format="json")
    assert code == 1
    assert check in {check["name"] for check in json.loads(out)["checks"] if not check["ok"]}


@pytest.mark.django_db
def test_the_report_for_people_tells_the_stories_of_the_optimizations():
    out = verify(format="markdown")[1]
    assert "refresh_oauth_token: gmail has a new access token" in out
    assert "The policy rolled back the optimization fusion enhancement." in out
