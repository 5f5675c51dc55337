"""Schedules, workers, ticks, and what failed."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from django_q.models import Schedule, Task

from rules.models import DataSource, Integration
from smartagent.doctor import disk_space, installation, scheduler
from smartagent.kernel.sealing import seal
from smartagent.models import User
from tests.rules.rule_cast import entry_of, rule_of, run_at


def found_problems(findings: Any) -> list[tuple[str, str]]:
    return [(each.severity.value, each.problem) for each in findings]


def test_a_schedule_that_is_missing_or_was_changed(db: None) -> None:
    assert found_problems(scheduler.check_schedules()) == []
    Schedule.objects.filter(name__endswith="forget").delete()
    Schedule.objects.filter(name__endswith="dispatch").update(minutes=999)
    assert [problem for _, problem in found_problems(scheduler.check_schedules())] == [
        "The schedule “dispatch” is missing, or was changed.", "The schedule “forget” is missing, or was changed.",
    ]  # fmt: skip


def test_workers_who_never_were_and_workers_who_are_no_more(db: None) -> None:
    now = timezone.now()
    Schedule.objects.update(next_run=now - timedelta(minutes=11))
    assert found_problems(scheduler.check_workers(now)) == []
    Schedule.objects.update(next_run=now - timedelta(hours=3))
    [(severity, problem)] = found_problems(scheduler.check_workers(now))
    assert (severity, "No worker has run yet" in problem) == ("warning", True)
    past = now - timedelta(hours=3)
    Task.objects.create(id="1", name="x", func="rules.tasks.tick", started=past, stopped=past, success=True)
    [(severity, problem)] = found_problems(scheduler.check_workers(now))
    assert severity == "error"
    assert problem == "Tasks have been due for 3h; the last task finished 3h ago: no worker is running."


@pytest.mark.parametrize(
    ("fields", "severity", "words"),
    [
        ({}, None, ""),
        ({"outcome": "failed", "error_message": "No room."}, "error", "The last evaluation, 1m ago, failed: No room."),
        ({"error_message": "One rule."}, "warning", "The last evaluation, 1m ago, had errors: One rule."),
        ({"late_by": timedelta(minutes=7)}, "warning", "The last evaluation, 1m ago, was 7m late."),
        ({"late_by": timedelta(minutes=4)}, None, ""),
    ],
)
def test_the_last_tick(db: None, fields: dict[str, Any], severity: str | None, words: str) -> None:
    now = timezone.now()
    run_at(now - timedelta(seconds=61), **fields)
    assert found_problems(scheduler.check_last_evaluation(now)) == ([(severity, words)] if severity else [])


def test_what_failed_in_the_last_day(alice: User) -> None:
    now = timezone.now()
    rule = rule_of(alice)
    for hours, cause in ((1, "No route"), (2, "Late"), (30, "Long ago")):
        entry_of(rule, now - timedelta(hours=hours), status="failed", error_message=cause)
    past = now - timedelta(hours=1)
    Task.objects.create(
        id="1", name="x", func="rules.tasks.tick", started=past, stopped=past, success=False,
        result="Out of order : Traceback (most recent call last):\n ...",
    )  # fmt: skip
    assert found_problems(scheduler.check_failures(now)) == [
        ("warning", "2 actions or readings failed in the last day; the newest: No route"),
        ("warning", "The evaluation of the rules failed once in the last day; the last: Out of order"),
    ]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({}, ""),
        ({"DEBUG": True}, "DEBUG is on"),
        ({"ALLOWED_HOSTS": ["*"], "HTTPS": True}, "allows every host name"),
        (
            {"ALLOWED_HOSTS": ["agent.example.com"], "SITE_URL": "http://agent.example.com"},
            "HTTPS is off, but ALLOWED_HOSTS has agent.example.com",
        ),
        ({"ALLOWED_HOSTS": ["localhost"], "HTTPS": True}, "only this machine"),
        ({"SECRET_KEY": "short"}, "shorter than 50"),
        (
            {
                "ALLOWED_HOSTS": ["a.example"],
                "HTTPS": True,
                "CSRF_TRUSTED_ORIGINS": ["https://b.example"],
                "SITE_URL": "https://a.example",
            },
            "https://b.example is in CSRF_TRUSTED_ORIGINS",
        ),
    ],
)
def test_settings_that_are_wrong(settings: Any, wrong: dict[str, Any], words: str) -> None:
    fitting = {"DEBUG": False, "ALLOWED_HOSTS": ["localhost"], "HTTPS": False, "SECRET_KEY": "x" * 50,
               "CSRF_TRUSTED_ORIGINS": []}  # fmt: skip
    for name, value in (fitting | wrong).items():
        setattr(settings, name, value)
    found = found_problems(installation.check_settings())
    assert len(found) == bool(wrong)
    assert all(words in problem and severity == "warning" for severity, problem in found)


def test_secrets_of_another_key(alice: User, settings: Any) -> None:
    sealed = seal({"token": "t"})
    Integration.objects.create(user=alice, integration_type="slack", credentials_encrypted=sealed)
    DataSource.objects.create(name="prom", address="https://prom.example.com", sealed=sealed)
    assert found_problems(installation.check_secrets()) == []
    settings.SECRET_KEY = "another " * 10
    assert found_problems(installation.check_secrets()) == [
        ("error", "The credentials of 1 integration cannot be decrypted."),
        ("error", "The secrets of 1 data source cannot be decrypted."),
    ]


@pytest.mark.parametrize(("free", "severity"), [(5000, None), (500, "warning"), (50, "error")])
def test_a_disk_that_is_full(db: None, monkeypatch: pytest.MonkeyPatch, free: int, severity: str | None) -> None:
    from django.db import connection

    class Usage:
        def __init__(self) -> None:
            self.free = free * disk_space.MEGABYTE

    monkeypatch.setattr("shutil.disk_usage", lambda _: Usage())
    assert {found[0] for found in found_problems(disk_space.check_room(connection))} == (
        {severity} if severity else set()
    )
