"""A column is lost while Smart Agent runs: the page says which, and everything else goes on."""

from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import DatabaseError, ProgrammingError, connection
from django.test import Client
from django.utils import timezone

from rules.evaluation.dispatcher import dispatch
from rules.models import ActivityEntry, AutomationRule
from rules.models.audit import entries_may_change
from smartagent.kernel import schema_drift
from smartagent.kernel.schema_drift import Missing
from smartagent.models import User
from tests.api import Program
from tests.rules.rule_cast import rule_of
from tests.smartagent.doctor.conftest import Sql, doctor

WORDS = "The column status of the table notifications is missing in the database."


@pytest.fixture
def _lost(sql: Sql) -> None:
    sql("ALTER TABLE notifications DROP COLUMN status")


def noted() -> list[str]:
    entries = ActivityEntry.objects.filter(event_type="schema_incomplete")
    return [str(cause) for cause in entries.values_list("error_message", flat=True)]


@pytest.mark.usefixtures("_lost")
def test_the_page_names_it_and_others_go_on(client_of: Any, alice: User) -> None:
    rule_of(alice)
    client = client_of(alice)
    page = client.get("/notifications/")
    assert page.status_code == 503
    assert WORDS in page.content.decode()
    assert '<code class="sa-code">manage.py doctor --fix</code>' in page.content.decode()
    for address in ("/rules/", "/activity/", "/badges/", "/firing/", "/"):
        assert client.get(address).status_code == 200, address
    cards = {card.label: card.count for card in client.get("/").context["cards"]}
    assert (cards["Unread notifications"], cards["Active rules"]) == ("?", "1")


@pytest.mark.usefixtures("_lost")
def test_programs_are_told_too(alice: User) -> None:
    program = Program(alice)
    [text] = program.get("notifications/", status=503)["detail"]
    assert text.startswith(WORDS)
    assert "`manage.py doctor --fix`" in text
    assert program.get("rules/")["results"] == []


@pytest.mark.usefixtures("_lost")
def test_the_activity_log_has_it_once_an_hour(client_of: Any, alice: User, sql: Sql) -> None:
    for _ in range(3):
        client_of(alice).get("/notifications/")
    [cause] = noted()
    assert cause.startswith(WORDS)
    schema_drift.forget()
    _another_process()
    client_of(alice).get("/notifications/")
    assert len(noted()) == 1, "another process has seen the entry of the first"
    with entries_may_change("test"):
        sql("UPDATE agent_activity_log SET created_at = now() - interval '61 minutes'")
    _another_process()
    client_of(alice).get("/notifications/")
    assert len(noted()) == 2


def _another_process() -> None:
    from smartagent.kernel import schema_drift_log

    schema_drift_log._noted.clear()


def test_where_the_activity_log_itself_is_broken_the_servers_log_has_it(
    client_of: Any, alice: User, sql: Sql, caplog: pytest.LogCaptureFixture
) -> None:
    sql("ALTER TABLE agent_activity_log DROP COLUMN context")
    page = client_of(alice).get("/activity/")
    assert page.status_code == 503
    assert "The column context of the table agent_activity_log is missing" in page.content.decode()
    assert "agent_activity_log.context" in caplog.text
    assert "the activity log cannot be written" in caplog.text
    assert client_of(alice).get("/").status_code == 200
    assert client_of(alice).get("/rules/").status_code == 200


@pytest.mark.usefixtures("_lost")
def test_a_banner_for_those_who_look_after_it_until_it_is_repaired(
    client_of: Any, alice: User, audra: User, ada: User
) -> None:
    for person, shown in ((alice, False), (audra, True), (ada, True)):
        assert ('class="sa-banner"' in client_of(person).get("/rules/").content.decode()) is shown, person
    assert doctor(fix=True)[0] == 0
    assert 'class="sa-banner"' not in client_of(ada).get("/rules/").content.decode()
    assert client_of(alice).get("/notifications/").status_code == 200


def test_where_every_page_needs_it_the_page_is_plain(client_of: Any, alice: User, sql: Sql) -> None:
    client = client_of(alice)
    client.raise_request_exception = False
    sql("ALTER TABLE smartagent_users DROP COLUMN time_zone")
    page = client.get("/rules/")
    assert page.status_code == 503
    assert "The column time_zone of the table smartagent_users is missing" in page.content.decode()
    answer = client.get("/api/rules/")
    assert answer.status_code == 503
    assert "time_zone" in answer.json()["detail"][0]
    assert Client().get("/login/").status_code == 200


def test_a_missing_table(client_of: Any, alice: User, sql: Sql) -> None:
    sql("DROP TABLE fusion_action_log, fusion_optimization_events CASCADE")
    page = client_of(alice).get("/optimizations/")
    assert page.status_code == 503
    assert "The table fusion_optimization_events is missing" in page.content.decode()
    assert client_of(alice).get("/").status_code == 200


def test_a_mistake_of_our_own_is_none_of_that(sql: Sql) -> None:
    with pytest.raises(ProgrammingError) as caught:
        sql("SELECT no_such_column FROM notifications")
    assert schema_drift.behind(caught.value) == ()
    assert schema_drift.behind(DatabaseError("something else")) == ()


def test_only_what_the_statement_speaks_of_is_named(sql: Sql) -> None:
    sql("ALTER TABLE notifications DROP COLUMN severity, DROP COLUMN status")
    with pytest.raises(ProgrammingError) as caught:
        sql("SELECT severity FROM notifications")
    assert schema_drift.behind(caught.value) == (Missing("notifications", "severity"),)


@pytest.mark.usefixtures("sql")
def test_pages_ask_at_most_every_half_a_minute(django_assert_num_queries: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with django_assert_num_queries(1):
        for _ in range(50):
            assert schema_drift.known() == ()
    monkeypatch.setattr(schema_drift._DriftCache, "until", 0.0)
    with django_assert_num_queries(1):
        schema_drift.known()


# -- the dispatcher --------------------------------------------------------------------------------


def causes(rule: AutomationRule) -> list[str]:
    return [str(entry.error_message) for entry in ActivityEntry.objects.filter(rule=rule)]


@pytest.mark.usefixtures("_lost")
def test_an_action_that_breaks_on_it_says_so_and_others_act(alice: User) -> None:
    always = {"metric_type": "anomaly_count", "condition_operator": ">=", "threshold_value": 0}
    alerts, logs = rule_of(alice, **always), rule_of(alice, rule_name="Log", action_type="log", **always)
    run = dispatch(timezone.now(), "command")
    assert (run.succeeded, run.failed) == (1, 1)
    [cause] = causes(alerts)
    assert cause.startswith(WORDS)
    assert ActivityEntry.objects.get(rule=logs).status == "success"


def test_a_source_that_breaks_on_it_says_so_and_others_are_read(alice: User, sql: Sql) -> None:
    sql("ALTER TABLE fusion_audit_log DROP COLUMN severity")
    broken = rule_of(alice, metric_type="anomaly_count", condition_operator=">=", threshold_value=0)
    read = rule_of(alice, rule_name="Healthy", metric_type="integration_health", condition_operator=">=")
    run = dispatch(timezone.now(), "command")
    assert run.outcome == "completed"
    [cause] = causes(broken)
    assert cause.startswith("The column severity of the table fusion_audit_log is missing in the database.")
    assert not any("missing in the database" in cause for cause in causes(read))


def test_a_tick_that_breaks_on_it_says_so(alice: User, sql: Sql) -> None:
    rule_of(alice)
    sql("ALTER TABLE automation_rules DROP COLUMN repeat_every")
    with pytest.raises(ProgrammingError):
        dispatch(timezone.now(), "command")
    [(words,)] = sql("SELECT error_message FROM dispatch_runs")
    assert words.startswith("The column repeat_every of the table automation_rules is missing")
    assert noted() == [words]


def test_groups_are_there(sql: Sql) -> None:
    """The installation of these tests is a whole one."""
    assert Group.objects.count() == 4
    assert connection.vendor == "postgresql"
