"""Rows that were there before us say what they say in our columns too, and nothing else of them changes."""

import logging
from typing import Any

import pytest
from django.db import connection

from rules.models import MetricSample
from smartagent.adoption.sync import batches
from tests.smartagent.adoption.conftest import Takeover
from tests.smartagent.adoption.shapes import ALICE, NOTIFICATIONS_A, OPTIMIZATIONS

OTHERS_TOUCH = """
ALTER TABLE notifications ADD updated_at timestamptz, ADD facts jsonb DEFAULT 'null';
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN NEW.updated_at := now(); NEW.title := 'touched'; RETURN NEW; END $$;
CREATE TRIGGER touch BEFORE UPDATE ON notifications FOR EACH ROW EXECUTE FUNCTION touch();
"""
FILL = f"""
INSERT INTO notifications (user_id, type, title, message, is_read)
SELECT {ALICE}, 'info', 'Old', repeat('x', 100), (ARRAY[true, false, NULL])[n % 3 + 1] FROM generate_series(1, 9000) n
"""
THEIRS = "SELECT id, title, is_read, created_at, updated_at, facts::text FROM notifications ORDER BY id"
BY_STATUS = "SELECT status, is_read, read_at, count(*) FROM notifications GROUP BY 1, 2, 3 ORDER BY 1, 2"
FILLED = [("read", True, None, 3000), ("unread", False, None, 3000), ("unread", None, None, 3000)]


@pytest.fixture
def old_rows(takeover: Takeover) -> Takeover:
    """Nine thousand, read, unread and neither, in a table that their trigger touches."""
    takeover.sql(NOTIFICATIONS_A + OTHERS_TOUCH)
    takeover.sql(FILL)
    return takeover


def loud(connection: Any) -> bool:
    """An account that cannot keep their triggers from firing."""
    return False


@pytest.mark.parametrize("quiet", [batches.may_be_quiet, loud], ids=["quiet", "loud"])
def test_old_rows_have_a_status_and_are_else_as_they_were(
    old_rows: Takeover, quiet: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "may_be_quiet", quiet)
    before = old_rows.sql(THEIRS)
    old_rows.forwards()
    assert old_rows.sql(BY_STATUS) == FILLED
    assert old_rows.sql(THEIRS) == before
    assert old_rows.lacks() == []


def test_a_run_that_was_ended_is_finished_by_another(old_rows: Takeover, monkeypatch: pytest.MonkeyPatch) -> None:
    execute, left = batches.execute, iter(range(2))

    def ended(*args: Any) -> int:
        next(left)
        return execute(*args)

    monkeypatch.setattr(batches, "FIRST_BATCH", 10)
    monkeypatch.setattr(batches, "LARGEST_BATCH", 10)
    monkeypatch.setattr(batches, "execute", ended)
    with pytest.raises((StopIteration, RuntimeError)):
        old_rows.forwards()
    monkeypatch.setattr(batches, "execute", execute)
    ((some,),) = old_rows.sql("SELECT count(*) FROM notifications WHERE status = 'read'")
    assert 0 < some < 3000
    old_rows.forwards()
    assert old_rows.sql(BY_STATUS) == FILLED


def test_progress_is_told(
    old_rows: Takeover, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(batches, "PROGRESS_SECONDS", 0)
    caplog.set_level(logging.INFO, "smartagent.adoption")
    old_rows.forwards()
    lines = [record.getMessage() for record in caplog.records]
    assert "notifications: status of old rows, 100 %" in lines
    assert "notifications: status of old rows filled in, 3,000 rows" in lines


def test_a_row_that_others_write_meanwhile_is_filled(old_rows: Takeover, monkeypatch: pytest.MonkeyPatch) -> None:
    """It moves to the end of the table, where it is not looked for: the trigger does it, or the next round."""
    execute = batches.execute

    def and_others_write(*args: Any) -> int:
        old_rows.sql("ALTER TABLE notifications DISABLE TRIGGER zz_smartagent_notification_status")
        old_rows.sql("UPDATE notifications SET message = 'y' WHERE status = 'unread' AND is_read AND message <> 'y'")
        old_rows.sql("ALTER TABLE notifications ENABLE TRIGGER zz_smartagent_notification_status")
        return execute(*args)

    monkeypatch.setattr(batches, "execute", and_others_write)
    old_rows.forwards()
    assert old_rows.sql(BY_STATUS) == FILLED


def test_rows_that_something_keeps_as_they_are_are_told(
    old_rows: Takeover, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(batches, "may_be_quiet", loud)
    old_rows.sql("""CREATE OR REPLACE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS
                    $$ BEGIN RETURN NULL; END $$""")
    old_rows.forwards()
    assert "notifications: status of old rows: something keeps 3000 rows as they are" in caplog.messages


def test_an_old_row_is_written_by_its_application(takeover: Takeover) -> None:
    """It is shorter than the table is now."""
    takeover.sql(NOTIFICATIONS_A)
    takeover.sql(FILL)
    takeover.forwards()
    takeover.sql("UPDATE notifications SET title = 'New'")
    assert takeover.sql(BY_STATUS) == FILLED
    takeover.sql("UPDATE notifications SET is_read = true")
    assert takeover.sql("SELECT DISTINCT status FROM notifications") == [("read",)]


def test_a_status_of_theirs_keeps_what_is_in_it(takeover: Takeover) -> None:
    takeover.sql(f"{NOTIFICATIONS_A} ALTER TABLE notifications ADD status text")
    takeover.sql(f"""INSERT INTO notifications (user_id, type, title, message, is_read, status)
                     VALUES ({ALICE}, 'info', 'x', 'x', true, 'pinned')""")
    takeover.forwards()
    assert takeover.sql("SELECT is_read, status FROM notifications") == [(True, "pinned")]


def test_a_column_that_was_lost_is_filled_again(old_rows: Takeover) -> None:
    old_rows.forwards()
    old_rows.sql("""ALTER TABLE notifications DROP status, ADD status text NOT NULL DEFAULT 'unread';
                    COMMENT ON COLUMN notifications.status IS 'smart-agent: added'""")
    assert old_rows.lacks() == ["status of old rows filled in, 3,000 rows"]


def test_optimizations(takeover: Takeover) -> None:
    takeover.sql(OPTIMIZATIONS)
    insert = "INSERT INTO fusion_optimization_events (source_event_type, optimization_action, applied, created_at)"
    takeover.sql(f"""{insert} VALUES ('a', 'pre_tune', true, now()), ('b', 'pre_tune', false, now()),
                     ('c', 'pre_tune', NULL, now() - interval '2 days'), ('d', 'pre_tune', false, NULL)""")
    takeover.forwards()
    state = "SELECT status, applied FROM fusion_optimization_events ORDER BY source_event_type"
    assert takeover.sql(state) == [("applied", True), ("proposed", False), ("expired", None), ("expired", False)]

    takeover.sql("UPDATE optimization_events SET applied = NOT applied WHERE source_event_type IN ('a', 'b')")
    assert takeover.sql(state)[:2] == [("rolled_back", False), ("applied", True)]
    takeover.sql("UPDATE fusion_optimization_events SET status = 'rolled_back' WHERE source_event_type = 'b'")
    takeover.sql(f"{insert} VALUES ('e', 'stabilize', true, now()), ('f', 'stabilize', false, now())")
    assert takeover.sql(state)[1::3] == [("rolled_back", False), ("applied", True)]
    assert takeover.sql(state)[5:] == [("proposed", False)]


AUDIT_USUAL = """
CREATE TABLE fusion_audit_log (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), user_id uuid,
    event_type text NOT NULL CHECK (event_type IN ('email_failed', 'manual_recalibration')),
    status text DEFAULT 'success', error_message text, created_at timestamptz DEFAULT now());
"""
AUDIT_OTHER = """
CREATE TABLE fusion_audit_log (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), user_id uuid, event_type text NOT NULL,
    event_payload jsonb, anomaly_flag boolean DEFAULT false, anomaly_reason text,
    created_at timestamptz DEFAULT now());
"""
AUDITED = "SELECT severity, message FROM fusion_audit_log ORDER BY severity, message"


def test_the_usual_audit_log(takeover: Takeover) -> None:
    insert = """INSERT INTO fusion_audit_log (event_type, status, error_message)
                VALUES ('email_failed', 'failed', 'No route'), ('email_failed', 'partial', NULL),
                       ('manual_recalibration', NULL, '')"""
    events = [("error", "No route"), ("info", "manual_recalibration"), ("warning", "email_failed")]
    takeover.sql(AUDIT_USUAL)
    takeover.sql(insert)
    takeover.forwards()
    assert takeover.sql(AUDITED) == events
    takeover.sql("DELETE FROM fusion_audit_log")
    takeover.sql(insert)
    assert takeover.sql(AUDITED) == events
    takeover.sql("UPDATE fusion_audit_log SET status = 'failed', error_message = 'Late'")
    assert takeover.sql(AUDITED) == [("error", "Late")] * 3
    takeover.sql("DELETE FROM fusion_audit_log")
    takeover.sql("""INSERT INTO fusion_audit_log (event_type, severity, message)
                    VALUES ('anything', 'critical', 'Ours')""")
    takeover.sql("UPDATE fusion_audit_log SET status = 'partial'")
    assert takeover.sql(AUDITED) == [("critical", "Ours")]


def test_the_other_audit_log(takeover: Takeover) -> None:
    takeover.sql(AUDIT_OTHER)
    takeover.sql("""INSERT INTO fusion_audit_log (event_type, anomaly_flag, anomaly_reason)
                    VALUES ('drift', true, 'Far off'), ('drift', NULL, NULL)""")
    takeover.forwards()
    assert takeover.sql(AUDITED) == [("error", "Far off"), ("info", "drift")]


def test_scores_of_before_are_samples(takeover: Takeover) -> None:
    takeover.sql("""
        CREATE TABLE fusion_score_history (id bigserial PRIMARY KEY, user_id uuid, integration_id uuid,
                                           fusion_score numeric, recorded_at timestamptz DEFAULT now());
        CREATE TABLE integrations (id uuid PRIMARY KEY, user_id uuid, integration_type text NOT NULL, status text);
        INSERT INTO integrations VALUES ('00000000-0000-0000-0000-000000000001', NULL, 'slack', 'active')""")
    insert = f"""INSERT INTO fusion_score_history (user_id, integration_id, fusion_score) VALUES
                 ({ALICE}, NULL, 70.5), ({ALICE}, '00000000-0000-0000-0000-000000000001', 60), ({ALICE}, NULL, NULL),
                 (gen_random_uuid(), NULL, 50), (NULL, NULL, 50), ({ALICE}, NULL, 'NaN')"""
    samples = [("", 70.5), ("slack", 60.0)]  # the row without integration is the score of the person
    takeover.sql(insert)
    takeover.forwards()
    kept = MetricSample.objects.filter(series__metric="fusion_score").order_by("series__target", "value")
    assert list(kept.values_list("series__target", "value")) == samples
    assert takeover.lacks() == []

    # What is removed here does not come back; what is new there comes.
    kept.delete()
    takeover.forwards()
    takeover.sql("SET TimeZone TO 'Asia/Tokyo'")
    takeover.sql(insert)
    takeover.sql("RESET TimeZone")
    assert list(kept.all().values_list("series__target", "value")) == samples


def test_a_score_that_is_no_sample_fails_no_insert_of_theirs(takeover: Takeover) -> None:
    takeover.sql("""CREATE TABLE fusion_score_history (user_id uuid, integration_id uuid, fusion_score numeric,
                                                       recorded_at timestamptz DEFAULT now())""")
    takeover.forwards()
    takeover.sql("ALTER TABLE metric_samples RENAME TO samples")
    takeover.sql(f"INSERT INTO fusion_score_history (user_id, fusion_score) VALUES ({ALICE}, 70)")
    assert takeover.sql("SELECT count(*) FROM fusion_score_history") == [(1,)]
    takeover.sql("ALTER TABLE samples RENAME TO metric_samples")


def test_sqlmigrate_shows_what_is_filled(old_rows: Takeover) -> None:
    shown = old_rows.shown("notifications")
    assert "-- status of old rows filled in, 9,000 rows\nUPDATE notifications it SET status = CASE" in shown
    assert "CREATE OR REPLACE TRIGGER zz_smartagent_notification_status BEFORE INSERT OR UPDATE" in shown
    assert connection.introspection.table_names().count("notifications") == 1


def test_a_run_that_was_ended_before_it_was_written_down_is_done_over(old_rows: Takeover) -> None:
    old_rows.forwards()
    before = old_rows.dump()
    old_rows.sql("""DELETE FROM django_migrations WHERE app IN ('rules', 'notifications', 'optimizer')
                                                     OR app = 'smartagent' AND name >= '0003'""")
    old_rows.forwards()
    assert old_rows.dump() == before
