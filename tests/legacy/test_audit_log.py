"""The old application's audit log, in every shape: what is bad is an anomaly, and what it says stays."""

from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from optimizer.proposals.facts import FactsLoader
from rules.evaluation.readings import gather
from rules.models import AuditEvent
from tests.legacy.database import Database
from tests.legacy.people import ALICE
from tests.legacy.shapes import SHAPES
from tests.smartagent.adoption.conftest import Takeover

NONE = dict.fromkeys(SHAPES, "none")
INSERT = "INSERT INTO fusion_audit_log (user_id, {columns}) VALUES ('" + ALICE + "', {values}) RETURNING id"


def built(takeover: Takeover, shape: str, more: str = "") -> Database:
    database = Database(takeover, shapes=NONE | {"fusion_audit_log": shape})
    database.sql(f"TRUNCATE fusion_audit_log; {more}")
    return database


def written(database: Database, columns: str, values: str) -> Any:
    database.sql("SET ROLE service_role")
    try:
        return database.sql(INSERT.format(columns=columns, values=values))[0][0]
    finally:
        database.sql("RESET ROLE")


def severity(database: Database, key: Any) -> str | None:
    found: str | None = database.value(f"SELECT severity FROM fusion_audit_log WHERE id = '{key}'")
    return found


def anomalies(database: Database, metric: str = "anomaly_count") -> float:
    gather(timezone.now())
    sql = f"SELECT value FROM eval_readings WHERE metric = '{metric}' AND user_id = '{ALICE}' AND target = ''"
    return float(database.value(sql))


@pytest.fixture
def filled_by_hand(takeover: Takeover) -> Database:
    """Somebody has added the column, and filled it in 14 of 100 rows that are bad."""
    database = built(takeover, "usual", "ALTER TABLE fusion_audit_log ADD severity text")
    database.sql(f"""INSERT INTO fusion_audit_log (user_id, event_type, status, severity)
        SELECT '{ALICE}', 'email_failed', 'failed', CASE WHEN n <= 14 THEN 'critical' END
          FROM generate_series(1, 100) n""")
    database.sql(f"""INSERT INTO fusion_audit_log (user_id, event_type, status, severity)
        VALUES ('{ALICE}', 'email_failed', 'failed', 'info'), ('{ALICE}', 'email_failed', 'partial', NULL)""")
    return database


def test_a_severity_that_was_never_filled_is_filled(filled_by_hand: Database) -> None:
    filled_by_hand.takeover.forwards()
    counted = "SELECT severity, count(*) FROM fusion_audit_log GROUP BY 1 ORDER BY 1"
    assert filled_by_hand.sql(counted) == [("critical", 14), ("error", 86), ("info", 1), ("warning", 1)]
    assert anomalies(filled_by_hand) == 100
    assert filled_by_hand.takeover.lacks() == []


def test_the_way_back_empties_what_nobody_else_has_filled(filled_by_hand: Database) -> None:
    database = filled_by_hand
    rows, catalog = database.rows(), database.catalog()
    database.takeover.forwards()
    later = written(database, "event_type, status", "'email_failed', 'failed'")
    given = database.value(f"SELECT id FROM fusion_audit_log WHERE severity = 'error' AND id <> '{later}' LIMIT 1")
    database.sql(f"UPDATE fusion_audit_log SET severity = 'warning' WHERE id = '{given}'")
    database.takeover.backwards("optimizer", "notifications", "rules")
    assert (severity(database, later), severity(database, given)) == (None, "warning")
    database.sql(f"UPDATE fusion_audit_log SET severity = NULL WHERE id = '{given}'")
    database.sql(f"DELETE FROM fusion_audit_log WHERE id = '{later}'")
    assert database.rows() == rows
    database.takeover.backwards("smartagent")
    database.assert_given_back(catalog)


def test_a_run_that_was_ended_is_finished_by_another(filled_by_hand: Database) -> None:
    database = filled_by_hand
    database.takeover.forwards()
    database.sql("ALTER TABLE fusion_audit_log DISABLE TRIGGER zz_smartagent_audit_severity")
    database.sql("UPDATE fusion_audit_log SET severity = NULL, severity_derived = false WHERE severity = 'error'")
    database.sql("ALTER TABLE fusion_audit_log ENABLE TRIGGER zz_smartagent_audit_severity")
    database.sql("COMMENT ON TRIGGER zz_smartagent_audit_severity ON fusion_audit_log IS NULL")
    database.takeover.repair()
    assert anomalies(database) == 100


@pytest.mark.parametrize("more", ["", "ALTER TABLE fusion_audit_log ADD severity text"], ids=["ours", "theirs"])
def test_a_severity_of_theirs_is_never_changed(takeover: Takeover, more: str) -> None:
    database = built(takeover, "other", more)
    takeover.forwards()
    flagged = written(database, "event_type, anomaly_flag, severity", "'drift', true, 'info'")
    unflagged = written(database, "event_type, anomaly_flag", "'drift', true")
    assert (severity(database, flagged), severity(database, unflagged)) == ("info", "error")
    change = "UPDATE fusion_audit_log SET {} WHERE id = '{}'"
    database.as_the_old_application(change.format("anomaly_reason = 'more'", flagged))
    database.as_the_old_application(change.format("severity = 'info'", unflagged))
    assert (severity(database, flagged), severity(database, unflagged)) == ("info", "info")
    calm = written(database, "event_type, anomaly_flag, severity", "'drift', false, 'info'")
    derived = written(database, "event_type", "'drift'")
    for key in (calm, derived):
        database.as_the_old_application(change.format("anomaly_flag = true", key))
    assert (severity(database, calm), severity(database, derived)) == ("info", "error")


def test_decisions_are_audit_events(takeover: Takeover) -> None:
    database = built(takeover, "decisions")
    written(database, "action_type, decision_summary, anomaly_detected", "'integration_sync', 'stale', true")
    takeover.forwards()
    written(database, "action_type, decision_summary, anomaly_detected", "'scaling', 'odd', true")
    written(database, "action_type, decision_summary", "'scaling', 'fine'")
    AuditEvent.objects.create(user_id=ALICE, event_type="of ours", severity="critical")
    shown = AuditEvent.objects.order_by("created_at").values_list("event_type", "severity", "message")
    assert list(shown) == [
        ("integration_sync", "error", "stale"), ("scaling", "error", "odd"), ("scaling", "info", "fine"),
        ("of ours", "critical", "of ours"),
    ]  # fmt: skip
    assert (anomalies(database), anomalies(database, "integration_error_count")) == (3, 1)
    facts = FactsLoader([UUID(ALICE)], timezone.now()).of(
        person=UUID(ALICE), metric="anomaly_count", value=3, threshold=1, operator=">", target=""
    )
    assert dict(facts.errors) == {"integration_sync": 1, "of ours": 1, "scaling": 1}


MIXTURES = {
    "of all columns": "ALTER TABLE fusion_audit_log ADD action_type text, ADD decision_summary text, "
    "ADD anomaly_detected boolean, ADD anomaly_flag boolean",
    "with decisions and a severity": "ALTER TABLE fusion_audit_log ADD action_type text NOT NULL, ADD severity text, "
    "ADD anomaly_detected boolean",
}


@pytest.mark.parametrize("more", MIXTURES.values(), ids=list(MIXTURES))
def test_a_mixture_of_shapes_counts_what_is_bad_by_any_of_them(takeover: Takeover, more: str) -> None:
    database = built(takeover, "usual", more)
    takeover.forwards()
    both = "event_type, action_type, status, anomaly_detected"
    for status, detected, bad in (("success", True, "error"), ("failed", None, "error"), ("partial", False, "warning")):
        values = f"'email_failed', 'mail', '{status}', {'NULL' if detected is None else detected}"
        assert severity(database, written(database, both, values)) == bad
    AuditEvent.objects.create(user_id=ALICE, event_type="of ours", severity="error")
    assert anomalies(database) == 3
    takeover.backwards("optimizer", "notifications", "rules", "smartagent")


def test_an_event_without_a_name_is_an_anomaly_too(takeover: Takeover) -> None:
    database = built(takeover, "decisions", "ALTER TABLE fusion_audit_log ADD event_type text")
    written(database, "action_type, decision_summary, anomaly_detected", "'scaling', 'odd', true")
    takeover.forwards()
    assert anomalies(database) == 1
