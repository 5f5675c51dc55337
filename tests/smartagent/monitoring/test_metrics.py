"""`/metrics`: who reads it, what it says, and that it says something where the database is down."""

import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ, Schedule
from prometheus_client.parser import text_string_to_metric_families
from psycopg.conninfo import make_conninfo
from psycopg_pool import ConnectionPool

from notifications.delivery.outcome import Result, expire, record
from notifications.delivery.pipeline import take
from notifications.models import Delivery
from rules.evaluation.dispatcher import dispatch
from rules.evaluation.process_metrics import count_evaluation
from rules.models import DataSource, DispatchRun
from smartagent.accounts.tokens import issue_token
from smartagent.kernel.process_metrics import _registry
from smartagent.models import User
from smartagent.monitoring.database_metrics import READINGS, DatabaseCollector
from smartagent.monitoring.scraping import RememberedTokenAuthentication
from smartagent.postgres.pool_metrics import note, taking
from tests.notifications.outside import channel_of, tell
from tests.rules.evaluation.test_dispatcher import rule_of, sample
from tests.rules.rule_cast import run_at
from tests.smartagent.monitoring.test_probes import nowhere

__all__ = ["nowhere"]
SETTING = "sc-123456789-abcdefgh"
MINUTE = timedelta(minutes=1)
Samples = dict[tuple[str, tuple[str, ...]], float]


def scrape(token: str = SETTING, **headers: str) -> HttpResponse:
    return Client().get("/metrics", headers={"Authorization": f"Bearer {token}"} | headers)


def counted(name: str, **labels: str) -> float:
    """What this process has counted, beside those that run other tests."""
    return _registry.get_sample_value(name, labels) or 0


def _address() -> str:
    """The database of the test, for a connection beside Django's."""
    known = connection.get_connection_params()
    return make_conninfo(
        **{name: known[name] for name in ("host", "port", "dbname", "user", "password") if name in known}
    )


def read() -> Samples:
    """The gauges of the database, by name and label values, as the transaction of the test sees it."""
    connection.ensure_connection()
    return {
        (each.name, tuple(each.labels.values())): each.value
        for family in DatabaseCollector(connection.connection).collect()
        for each in family.samples
    }


@pytest.fixture(autouse=True)
def _setting(settings: Any) -> None:
    settings.METRICS_TOKEN = SETTING
    RememberedTokenAuthentication.accepted = {}


def test_who_reads_it(alice: User, olga: User, audra: User, settings: Any) -> None:
    refused = {user: scrape(issue_token(user, "prometheus", scopes=scopes)[1])
               for user, scopes in ((alice, ["read"]), (olga, ["ingest"]))}  # fmt: skip
    assert {user.full_name: (each.status_code, each.json()["detail"]) for user, each in refused.items()} == {
        "Alice": (403, ["Only operators, auditors and administrators can read metrics of the installation."]),
        "Olga": (403, ["This token lacks the scope read. Its scopes: ingest."]),
    }
    for token in (issue_token(audra, "prometheus", scopes=["read"])[1], SETTING):
        assert scrape(token).status_code == 200
    assert Client().get("/metrics").status_code == 401
    settings.METRICS_TOKEN = ""
    for wrong in (SETTING, "", " "):
        refusal = scrape(wrong)
        assert (refusal.status_code, refusal["WWW-Authenticate"]) == (401, 'Bearer realm="Smart Agent"')


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool comes with Debian's package prometheus")
def test_promtool_has_nothing_to_say_and_nobody_is_named(alice: User) -> None:
    rule_of(alice, "cpu", ">", 90, "log")
    response = scrape()
    assert response["Content-Type"].startswith("text/plain; version=0.0.4")
    found = subprocess.run(["promtool", "check", "metrics"], input=response.content, capture_output=True, check=False)
    assert (found.returncode, found.stdout, found.stderr) == (0, b"", b"")
    text = response.content.decode()
    assert not any(word in text for word in (alice.email, str(alice.pk), "cpu &gt; 90", "cpu > 90"))
    open_metrics = scrape(Accept="application/openmetrics-text;version=1.0.0;q=0.9,text/plain;q=0.5")
    assert open_metrics["Content-Type"].startswith("application/openmetrics-text")
    assert open_metrics.content.endswith(b"# EOF\n")


def test_what_is_known_is_shown_before_it_happens(db: None) -> None:
    families = {family.name: family for family in text_string_to_metric_families(scrape().content.decode())}
    assert all(family.documentation for family in families.values())
    assert {each.labels["channel"] for each in families["smartagent_deliveries"].samples} >= {"email", "webhook"}
    assert {each.labels["outcome"] for each in families["smartagent_evaluations"].samples} == {
        "completed", "failed", "overlapped",
    }  # fmt: skip
    assert {each.value for each in families["smartagent_database_reading_success"].samples} == {1}


def test_requests_by_route(client_of: Any, alice: User) -> None:
    def requests(route: str, status: str, method: str = "GET") -> float:
        return counted("smartagent_http_requests_total", route=route, method=method, status=status)

    asked = [
        ("api:rule-list", "200", "GET", "/api/rules/"),
        ("unknown", "404", "GET", "/nowhere-1.php"),
        ("unknown", "404", "other", "/nowhere-2.php"),
        ("static", "404", "GET", "/static/nowhere-3.css"),
    ]
    client = client_of(alice)
    for route, status, method, path in asked:
        before = requests(route, status, method)
        assert client.generic(method.replace("other", "PROPFIND"), path).status_code == int(status)
        assert requests(route, status, method) == before + 1


def test_an_evaluation_and_its_actions_are_counted_once_each(alice: User) -> None:
    now = timezone.now()
    names: dict[str, dict[str, str]] = {
        "smartagent_evaluations_total": {"trigger": "command", "outcome": "completed"},
        "smartagent_evaluation_duration_seconds_count": {"trigger": "command"},
        "smartagent_evaluation_stage_duration_seconds_count": {"stage": "record"},
        "smartagent_transitions_total": {"event": "rule_fired"},
        "smartagent_actions_total": {"action": "log", "result": "success"},
    }
    before = {name: counted(name, **labels) for name, labels in names.items()}
    for number in range(3):
        rule_of(alice, "cpu", ">", 80 + number, "log")
    sample(alice, 95, now - MINUTE)
    dispatch(now, "command")
    assert {name: counted(name, **labels) - before[name] for name, labels in names.items()} == {
        "smartagent_evaluations_total": 1, "smartagent_evaluation_duration_seconds_count": 1,
        "smartagent_evaluation_stage_duration_seconds_count": 1, "smartagent_transitions_total": 3,
        "smartagent_actions_total": 3,
    }  # fmt: skip


def test_the_delay_of_scheduled_evaluations(alice: User) -> None:
    def late(le: str) -> float:
        return counted("smartagent_evaluation_lag_seconds_bucket", trigger="schedule", le=le)

    run, now = run_at(timezone.now()), timezone.now()
    before = [late(le) for le in ("0.0", "600.0", "1800.0")]
    for late_by in (None, 12 * MINUTE):
        run.trigger, run.late_by, run.started_at, run.finished_at = "schedule", late_by, now, now
        count_evaluation(run)
    run.trigger = "page"
    count_evaluation(run)
    assert [late(le) for le in ("0.0", "600.0", "1800.0")] == [before[0] + 1, before[1] + 1, before[2] + 2]


def test_the_pool_of_connections(db: None) -> None:
    def pool_of(state: str) -> float:
        return counted("smartagent_database_pool_connections", state=state)

    def waiting() -> float:
        return counted("smartagent_database_pool_requests", state="waiting")

    with ConnectionPool(_address(), min_size=0, max_size=1, timeout=20, open=True) as pool:
        with taking(pool):
            taken = pool.getconn()
        assert (pool_of("in_use"), pool_of("idle"), waiting()) == (1, 0, 0)

        def take_another() -> None:
            with taking(pool):
                pool.putconn(pool.getconn())

        with ThreadPoolExecutor(1) as thread:
            other = thread.submit(take_another)
            until = time.monotonic() + 10
            while not waiting() and time.monotonic() < until:
                time.sleep(0.01)
            assert waiting() == 1
            pool.putconn(taken)
            other.result(10)
        note(pool)
        assert (pool_of("in_use"), pool_of("idle"), waiting()) == (0, 1, 0)
    text = scrape().content.decode()
    assert 'smartagent_database_pool_connections{state="in_use"}' in text


@pytest.mark.parametrize(("token", "refused"), [("x" * 15, True), ("x" * 16, False), ("", False)])
def test_a_token_that_can_be_guessed_is_refused_at_the_start(token: str, refused: bool, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import smartagent.settings"], capture_output=True, text=True, check=False, timeout=60,
        env=os.environ | {"METRICS_TOKEN": token, "VAR_DIR": str(tmp_path), "DATABASE_URL": "postgres://a@localhost/b"},
    )  # fmt: skip
    assert (done.returncode != 0) == refused
    assert ("METRICS_TOKEN can be guessed: set one of at least 16 random characters" in done.stderr) == refused
    assert not token or token not in done.stderr


def test_deliveries_by_channel_and_result(alice: User) -> None:
    def deliveries(result: str) -> float:
        return counted("smartagent_deliveries_total", channel="webhook", result=result)

    results = ("delivered", "retried", "failed", "skipped")
    before = [deliveries(result) for result in results]
    latency = counted("smartagent_delivery_latency_seconds_sum", channel="webhook")
    channel = channel_of(alice, url="https://hooks.example.com/x")
    now = timezone.now()
    for number in range(4):
        tell(alice, now, title=f"CPU {number}")
    Delivery.objects.update(created_at=now - 2 * MINUTE)
    leases = take(now, 3)
    outcomes: list[dict[str, Any]] = [{}, {"error": "Answered 500."}, {"error": "Answered 404.", "permanent": True}]
    record([Result(lease=lease, channel=channel.pk, **each) for lease, each in zip(leases, outcomes, strict=True)], now)
    expire(now + timedelta(days=30))
    assert [deliveries(result) - since for result, since in zip(results, before, strict=True)] == [1, 1, 3, 0]
    assert counted("smartagent_delivery_latency_seconds_sum", channel="webhook") - latency == pytest.approx(120, abs=1)


def test_what_is_the_case_is_read_from_the_database(alice: User) -> None:
    now = timezone.now()
    run_at(now - 7 * MINUTE, finished_at=now - 6 * MINUTE, late_by=2 * MINUTE)
    DispatchRun.objects.create(trigger="page", evaluated_at=now, started_at=now, finished_at=now, outcome="failed")
    Schedule.objects.update(next_run=now - 3 * MINUTE)
    OrmQ.objects.create(key="smartagent", payload="x", lock=now)
    channel_of(alice, "webhook", url="https://hooks.example.com/x")
    broken = channel_of(alice, "slack", url="https://hooks.slack.com/services/T/B/x")
    tell(alice, now - 4 * MINUTE)
    type(broken).objects.filter(pk=broken.pk).update(opened_at=now)
    for name, age in (("one", MINUTE), ("two", 120 * MINUTE), ("three", None)):
        DataSource.objects.create(name=name, address="https://p.example.com", last_success_at=age and now - age)
    rule_of(alice, "cpu", ">", 90, "log")
    sample(alice, 95, now - MINUTE)
    dispatch(now, "command")
    found = read()
    assert found["smartagent_last_evaluation_age_seconds", ()] == pytest.approx(360, abs=9)
    assert found["smartagent_oldest_due_task_age_seconds", ()] == pytest.approx(180, abs=9)
    assert found["smartagent_oldest_due_delivery_age_seconds", ()] == pytest.approx(240, abs=9)
    assert {key: found[key] for key in found if key in {
        ("smartagent_last_evaluation_success", ()), ("smartagent_last_evaluation_lag_seconds", ()),
        ("smartagent_tasks_queued", ()), ("smartagent_instances", ("firing",)),
        ("smartagent_channels", ("webhook", "working")), ("smartagent_channels", ("slack", "open")),
        ("smartagent_deliveries_open", ("due",)), ("smartagent_data_sources", ("within_10m",)),
        ("smartagent_data_sources", ("within_1d",)), ("smartagent_data_sources", ("never",)),
    }} == {
        ("smartagent_last_evaluation_success", ()): 1, ("smartagent_last_evaluation_lag_seconds", ()): 120,
        ("smartagent_tasks_queued", ()): 1, ("smartagent_instances", ("firing",)): 1,
        ("smartagent_channels", ("webhook", "working")): 1, ("smartagent_channels", ("slack", "open")): 1,
        ("smartagent_deliveries_open", ("due",)): 2, ("smartagent_data_sources", ("within_10m",)): 1,
        ("smartagent_data_sources", ("within_1d",)): 1, ("smartagent_data_sources", ("never",)): 1,
    }  # fmt: skip
    assert found["smartagent_table_size_bytes", ("metric_samples",)] > 8192  # with its partitions


def test_a_reading_that_fails_is_named_and_the_others_go_on(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE data_sources RENAME TO gone")
    found = read()
    readings = {name: value for (gauge, name), value in found.items() if gauge == "smartagent_database_reading_success"}
    assert [name for (name,), value in readings.items() if value == 0] == ["data_sources"]
    assert len(readings) == len(READINGS)


def test_the_database_is_down(olga: User, request: pytest.FixtureRequest) -> None:
    token, other = (issue_token(olga, name, scopes=["read"])[1] for name in ("one", "two"))
    assert scrape(token).status_code == 200
    request.getfixturevalue("nowhere")
    for accepted in (SETTING, token):
        text = scrape(accepted).content.decode()
        assert "\nsmartagent_database_up 0.0\n" in text
        assert "smartagent_evaluations_total{" in text
        assert "smartagent_instances" not in text
    refusal = scrape(other)
    assert refusal.status_code == 503
    assert refusal.json()["detail"][0].startswith("The database does not answer, so this token cannot be checked.")
