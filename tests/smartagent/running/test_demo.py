"""The demo's past follows from its readings, by the dispatcher itself."""

import os
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.utils import timezone

from notifications.models import Notification
from optimizer.models import OptimizationEvent, OptimizerPolicy
from rules.models import ActivityEntry, AutomationRule, DispatchRun, Silence
from smartagent.demo import month, progress, replay
from smartagent.demo.incidents import web_cpu
from smartagent.models import User
from tests.smartagent.postgres_programs import eventually


@pytest.fixture(autouse=True)
def own_progress(monkeypatch, tmp_path):
    """Pages of tests that run meanwhile know nothing of this demo."""
    monkeypatch.setattr(settings, "VAR", tmp_path)


@pytest.fixture
def a_short_month(monkeypatch):
    monkeypatch.setattr(month, "MONTH", timedelta(hours=36))
    monkeypatch.setattr(replay, "RECENT", timedelta(hours=3))


@pytest.fixture
def a_shorter_one(a_short_month, monkeypatch):
    """Where it does not matter what happened in it."""
    monkeypatch.setattr(month, "MONTH", timedelta(hours=12))


@pytest.mark.django_db(transaction=True)
def test_every_notification_follows_from_an_entry_of_a_replayed_run(a_short_month, capsys):
    call_command("demo")
    assert User.objects.count() == 40
    assert set(AutomationRule.objects.values_list("action_type", flat=True)) == {
        "alert",
        "notify",
        "optimize",
        "adjust",
        "log",
    }
    assert DispatchRun.objects.filter(outcome="completed").count() == DispatchRun.objects.count() > 100
    acted = ActivityEntry.objects.filter(action_taken__in=["alert", "notify"], status="success")
    acted = acted.exclude(rule__rule_name=web_cpu.RULE)  # which notifies the operators as well
    notified = {entry.context["outcome"]["notification"] for entry in acted}
    fixes = Notification.objects.filter(metadata__has_key="optimization")
    proposals = OptimizationEvent.objects.filter(source_event_type__startswith="smart_agent_")
    assert {one.metadata["optimization"] for one in fixes} == {str(one.pk) for one in proposals} != set()
    others = Notification.objects.exclude(pk__in=fixes).exclude(rule__rule_name=web_cpu.RULE).exclude(rule=None)
    assert notified == {str(one.pk) for one in others.exclude(title__startswith="Escalated: ")}
    assert notified
    assert not ActivityEntry.objects.filter(status="pending").exists()
    assert not proposals.filter(status="proposed", expires_at__lte=timezone.now()).exists()
    assert proposals.filter(status="applied").exists()
    assert set(Silence.objects.values_list("created_by__groups__name", flat=True)) == {"operators"}
    assert ActivityEntry.objects.filter(event_type="instance_acknowledged").exists()
    assert not AutomationRule.history.filter(history_date__gt=timezone.now() - month.MONTH).exists()
    assert not any(person.has_usable_password() for person in User.objects.all())
    shown = capsys.readouterr().err
    assert [f"Replaying a month: {tenth} %" in shown for tenth in (10, 50, 100)] == [True] * 3
    assert progress.percent() is None
    call_command("demo")
    assert "Rules already exist" in capsys.readouterr().out


def test_pages_say_how_far_it_is_until_nothing_goes_on_any_more(client_of, alice):
    client = client_of(alice)
    assert "Demo data" not in client.get("/").content.decode()
    progress.note(600, 1389)
    try:
        page = client.get("/").content.decode()
        assert "Demo data are being created: 43 %." in page
        assert "The first starts within a minute after the demo data are complete." in page
        let_a_minute_pass()
        page = client.get("/").content.decode()
        assert "Demo data" not in page
        assert "The first starts within a minute of" in page
    finally:
        progress.end()
    assert progress.percent() is None


def test_the_progress_stays_while_a_step_takes_longer_than_a_minute(monkeypatch):
    monkeypatch.setattr(progress, "HEARTBEAT_SECONDS", 0.001)
    with progress.noted():
        let_a_minute_pass()
        assert eventually(lambda: progress.percent() == 0)


def let_a_minute_pass():
    minute_ago = time.time() - 61
    os.utime(Path(settings.VAR) / "demo_progress", (minute_ago, minute_ago))


@pytest.mark.django_db
def test_what_is_somebody_elses_is_left(a_shorter_one, ada):
    OptimizerPolicy.objects.create(pk=1, automatic_per_day=2)
    later = timezone.now() + timedelta(days=1)
    theirs = OptimizationEvent.objects.create(
        user=ada, source_event_type="manual", optimization_action="manual", status="proposed", expires_at=later
    )
    theirs.steps.create(position=1, operation="analyze_slow_queries")
    approved = OptimizationEvent.objects.create(
        user=ada, source_event_type="manual", optimization_action="manual", status="approved", leased_until=None
    )
    approved.steps.create(position=1, operation="analyze_slow_queries")
    call_command("demo")
    assert OptimizerPolicy.current().automatic_per_day == 2
    assert set(OptimizationEvent.objects.filter(user=ada).values_list("status", flat=True)) == {"proposed", "approved"}
