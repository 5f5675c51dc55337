"""A trigger of ours that fails blocks no write of the old application, and the failure is an entry of the log."""

import pytest
from django.utils import timezone

from rules.models import ActivityEntry
from smartagent.doctor.triggers import check_sync
from tests.legacy.people import ALICE
from tests.legacy.test_attacks import NEW, RULE, taken_over
from tests.smartagent.adoption.conftest import run

__all__ = ["taken_over"]
EVENT = "(id, source_event_type, optimization_action)"
WRITES = {
    "notifications": f"(id, user_id, type, title, message) VALUES ('{NEW}', '{ALICE}', 'info', 't', 'm')",
    "automation_rules": f"(id, {RULE}) VALUES ('{NEW}', '{ALICE}', 'r', 'cpu', '>', 1, 'alert', '{{}}')",
    "fusion_audit_log": f"(id, event_type) VALUES ('{NEW}', 'email_failed')",
    "fusion_optimization_events": f"{EVENT} VALUES ('{NEW}', 'drift', 'pre_tune')",
    "fusion_score_history": f"(user_id, fusion_score, recorded_at) VALUES ('{ALICE}', 4.25, now())",
}


def break_trigger(table: str) -> None:
    """Make what the trigger of the table does fail: a key that does not fit, or a type that refuses every text."""
    if table == "fusion_score_history":
        run("ALTER TABLE metric_samples ADD CONSTRAINT broken CHECK (value <> 4.25)")
        return
    (body,) = run(f"""SELECT pg_get_functiondef(p.oid) FROM pg_proc p JOIN pg_trigger t ON t.tgfoid = p.oid
                       WHERE tgrelid = '{table}'::regclass AND tgname LIKE 'zz_smartagent%'""")[0]
    run(body.replace("\nBEGIN\n", "\nBEGIN\n    RAISE EXCEPTION 'no disk';\n", 1))


@pytest.mark.parametrize("table", WRITES)
def test_it_is_recorded_and_the_row_is_written(taken_over: None, table: str) -> None:
    before = run(f"SELECT count(*) FROM {table}")[0][0]
    break_trigger(table)
    for _ in range(2 if table == "fusion_score_history" else 1):
        run(f"INSERT INTO {table} {WRITES[table]}")
    assert run(f"SELECT count(*) FROM {table}")[0][0] > before
    entry = ActivityEntry.objects.get(event_type="sync_failed")
    cause = "broken" if table == "fusion_score_history" else "no disk"
    assert cause in (entry.error_message or "")
    assert (entry.status, entry.user_id) == ("failed", None)
    assert any(cause in found.problem for found in check_sync(timezone.now()))


def test_where_the_log_cannot_be_written_the_row_is_written_all_the_same(taken_over: None) -> None:
    break_trigger("notifications")
    run("DROP FUNCTION smartagent_record_failure(text, text)")
    run(f"INSERT INTO notifications {WRITES['notifications']}")
    assert run(f"SELECT count(*) FROM notifications WHERE id = '{NEW}'") == [(1,)]
