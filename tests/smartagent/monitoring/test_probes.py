"""Probes: what makes a process not ready, and that they are answered whatever else does not work."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.utils import timezone
from django_q.models import Schedule

from notifications.models import Channel
from smartagent.models import User
from tests.notifications.outside import channel_of
from tests.rules.rule_cast import run_at
from tests.smartagent.doctor.test_outgoing import create_delivery

MINUTE = timedelta(minutes=1)


def ready() -> tuple[int, dict[str, str]]:
    """The status, and of the checks that fail what they say."""
    response = Client().get("/readyz", headers={"Host": "10.0.0.7"})
    assert response["Content-Type"] == "application/health+json"
    facts = response.json()
    assert facts["status"] == ("pass" if response.status_code == 200 else "fail")
    assert list(facts["checks"]) == ["database", "migrations", "worker", "evaluation", "delivery"]
    return response.status_code, {
        name: each["output"] for name, each in facts["checks"].items() if each["status"] == "fail"
    }


@pytest.fixture
def nowhere(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server of the database does not answer."""
    params = {**connection.get_connection_params(), "host": "127.0.0.1", "port": 1, "password": "hunter2"}
    monkeypatch.setattr(connection, "get_connection_params", lambda: params)


def test_a_new_installation_is_ready(db: None) -> None:
    assert ready() == (200, {})


def test_alive_where_the_database_is_down_and_not_ready(nowhere: None) -> None:
    response = Client().get("/healthz", headers={"Host": "10.0.0.7"})
    assert (response.status_code, response.json(), response["Cache-Control"]) == (200, {"status": "pass"}, "no-store")
    unknown = dict.fromkeys(
        ("migrations", "worker", "evaluation", "delivery"), "Unknown: the database does not answer."
    )
    assert ready() == (503, {"database": "PostgreSQL does not answer."} | unknown)


def test_migrations(db: None) -> None:
    recorder = MigrationRecorder(connection)
    recorder.record_unapplied("rules", "0001_initial")
    status, failed = ready()
    assert (status, list(failed)) == (503, ["migrations"])
    assert failed["migrations"].startswith("Not applied: rules.0001_initial")
    recorder.record_applied("rules", "0001_initial")
    recorder.record_applied("rules", "9999_later")
    assert ready() == (200, {})  # a rolling upgrade has begun


def test_a_worker_that_is_gone(db: None) -> None:
    Schedule.objects.update(next_run=timezone.now() - 3 * 60 * MINUTE)
    assert ready() == (503, {"worker": "Tasks have been due for 3h: no worker is running."})
    Schedule.objects.update(next_run=timezone.now() + MINUTE)
    assert ready() == (200, {})


@pytest.mark.parametrize(
    ("ago", "fields", "words"),
    [
        (5, {}, None),
        (11, {}, None),
        (13, {}, "The last evaluation ended 13m ago."),
        (5, {"outcome": "failed"}, "The last evaluation, 5m ago, failed."),
        (5, {"trigger": "page"}, "The last evaluation ended 1h ago."),
        (5, {"outcome": "overlapped"}, "The last evaluation ended 1h ago."),
        (5, {"outcome": "running", "finished_at": None}, "The last evaluation ended 1h ago."),
    ],
)
def test_the_age_of_the_last_evaluation(db: None, ago: int, fields: dict[str, Any], words: str | None) -> None:
    now = timezone.now()
    run_at(now - 60 * MINUTE, finished_at=now - 60 * MINUTE)
    run_at(now - ago * MINUTE, **{"finished_at": now - ago * MINUTE} | fields)
    assert ready() == ((503, {"evaluation": words}) if words else (200, {}))


def test_deliveries_that_nobody_sends(alice: User) -> None:
    channel = channel_of(alice, "slack", name="ops", url="https://hooks.slack.com/services/T/B/x")
    now = timezone.now()
    create_delivery(channel, now, status="due", due_at=now - 7 * MINUTE)
    assert ready() == (503, {"delivery": "Deliveries by working channels have been due for 7m (1 overdue)."})
    Channel.objects.update(opened_at=now)  # waits for its circuit breaker
    assert ready() == (200, {})


def test_only_asked_for(db: None) -> None:
    response = Client().post("/readyz")
    assert (response.status_code, response["Allow"]) == (405, "GET, HEAD")
    assert Client().head("/healthz").status_code == 200
    assert Client().get("/healthz/").status_code != 200
