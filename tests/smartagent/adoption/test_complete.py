"""A table that is there is completed, and serves both applications."""

import logging

import pytest
from django.db import IntegrityError, transaction

from smartagent.adoption import OPEN_VOCABULARY
from smartagent.adoption.introspection import NotATable
from tests.smartagent.adoption.conftest import Legacy
from tests.smartagent.adoption.operations import ROWS
from tests.smartagent.adoption.shapes import NOTIFICATIONS_A, OPTIMIZATIONS, SHAPES, Shape

every_shape = pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)


@every_shape
def test_old_rows_and_old_inserts_stay_good(legacy: Legacy, shape: Shape) -> None:
    legacy.sql(shape.create)
    legacy.sql(shape.insert)
    legacy.forwards()
    legacy.sql(shape.insert)
    assert legacy.model(shape.model).objects.count() == 2


@every_shape
def test_new_inserts_succeed(legacy: Legacy, shape: Shape) -> None:
    legacy.sql(shape.create)
    legacy.forwards()
    values = dict(ROWS[shape.model])
    if shape.model == "Rule":
        values["user"] = legacy.model("Person").objects.create(email="ada@example.com")
    row = legacy.model(shape.model).objects.create(**values)
    row.refresh_from_db()
    assert row.created_at


@every_shape
def test_a_second_run_has_nothing_to_do(legacy: Legacy, shape: Shape, caplog: pytest.LogCaptureFixture) -> None:
    legacy.sql(shape.create)
    legacy.forwards()
    before = legacy.dump()
    caplog.clear()
    legacy.forwards()
    assert legacy.dump() == before
    assert [record.getMessage() for record in caplog.records if "left alone" not in record.getMessage()] == []


def test_a_run_that_was_half_undone_is_finished(legacy: Legacy) -> None:
    legacy.sql(NOTIFICATIONS_A)
    legacy.forwards()
    whole = legacy.dump()
    legacy.sql("ALTER TABLE notifications DROP metadata, DROP CONSTRAINT notifications_status_known")
    legacy.sql("DROP INDEX notifications_inbox")
    legacy.forwards()
    assert {name: sorted(map(str, rows)) for name, rows in legacy.dump().items()} == {
        name: sorted(map(str, rows)) for name, rows in whole.items()
    }


def test_outside_a_transaction_the_same_is_done(legacy: Legacy) -> None:
    legacy.sql(NOTIFICATIONS_A)
    legacy.forwards(atomic=False)
    once = legacy.dump()
    legacy.backwards()
    legacy.forwards()
    assert legacy.dump()["constraints"] == once["constraints"]


def test_each_change_is_told_in_a_line(legacy: Legacy, caplog: pytest.LogCaptureFixture) -> None:
    legacy.sql(SHAPES["notifications D"].create)
    caplog.set_level(logging.INFO, "smartagent.adoption")
    legacy.forwards()
    lines = [record.getMessage() for record in caplog.records]
    assert "notifications: column rule_id added, nullable" in lines
    assert "notifications: check notifications_type_check widened by alert, notify" in lines
    alone = "check notifications_severity_known left alone: severity may hold anything in this table"
    assert f"notifications: {alone}" in lines


def test_a_check_is_opened_for_any_word(legacy: Legacy) -> None:
    legacy.operation("Notification").widen = {"type": OPEN_VOCABULARY}
    legacy.sql(NOTIFICATIONS_A)
    found = legacy.dump()
    legacy.forwards()
    legacy.sql("INSERT INTO notifications (type, title, message) VALUES ('info', 'x', 'x')")
    assert legacy.sql("SELECT count(*) FROM notifications") == [(1,)]
    legacy.backwards()
    assert legacy.dump() == found


def test_a_word_that_nobody_knows_is_still_refused(legacy: Legacy) -> None:
    legacy.sql(NOTIFICATIONS_A)
    legacy.forwards()
    with pytest.raises(IntegrityError):
        legacy.sql("INSERT INTO notifications (type, title, message) VALUES ('shout', 'x', 'x')")


def test_a_check_that_lets_our_words_in_is_not_touched(legacy: Legacy) -> None:
    query = "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'notifications_type_check'"
    legacy.sql(NOTIFICATIONS_A.replace("type IN ('info', 'warning', 'error', 'success')", "length(type) < 20"))
    before = legacy.sql(query)
    legacy.forwards()
    assert legacy.sql(query) == before


def test_rows_that_break_a_unique_constraint_are_told_and_kept(
    legacy: Legacy, caplog: pytest.LogCaptureFixture
) -> None:
    legacy.sql("""CREATE TABLE people (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), email text);
                  INSERT INTO people (email) VALUES ('a@example.com'), ('a@example.com')""")
    legacy.forwards()
    assert any("existing rows are not unique" in record.getMessage() for record in caplog.records)
    assert legacy.model("Person").objects.count() == 2


def test_rows_that_break_a_check_leave_it_for_new_rows(legacy: Legacy, caplog: pytest.LogCaptureFixture) -> None:
    legacy.sql(NOTIFICATIONS_A)
    legacy.forwards()
    legacy.sql("""ALTER TABLE notifications DROP CONSTRAINT notifications_status_known;
                  INSERT INTO notifications (type, title, message, status)
                  VALUES ('info', 'x', 'x', 'lost')""")
    legacy.forwards()
    assert any("holds for new rows only" in record.getMessage() for record in caplog.records)
    with pytest.raises(IntegrityError):
        legacy.sql("INSERT INTO notifications (type, title, message, status) VALUES ('info', 'x', 'x', 'gone')")


def test_the_old_application_may_delete_what_our_rows_refer_to(legacy: Legacy) -> None:
    legacy.sql(SHAPES["rules, older"].create)
    legacy.sql(SHAPES["rules, older"].insert)
    legacy.sql(NOTIFICATIONS_A)
    legacy.forwards()
    rule = legacy.model("Rule").objects.get()
    legacy.model("Notification").objects.create(rule=rule, **ROWS["Notification"])
    legacy.model("RuleState").objects.create(rule=rule, target="slack")
    legacy.sql("DELETE FROM automation_rules")
    assert legacy.model("Notification").objects.get().rule_id is None
    assert not legacy.model("RuleState").objects.exists()


def test_a_column_of_theirs_gets_no_foreign_key_to_our_people(legacy: Legacy) -> None:
    legacy.sql(NOTIFICATIONS_A)
    legacy.forwards()
    assert legacy.sql("""SELECT confrelid::regclass::text FROM pg_constraint
                         WHERE conrelid = 'notifications'::regclass AND contype = 'f' ORDER BY 1""") == [
        ("auth.users",), ("automation_rules",)
    ]  # fmt: skip


def test_a_view_over_the_table_stays(legacy: Legacy) -> None:
    legacy.sql(OPTIMIZATIONS)
    legacy.forwards()
    legacy.model("OptimizationEvent").objects.create(**ROWS["OptimizationEvent"])
    assert legacy.sql("SELECT optimization_action FROM optimization_events") == [("auto",)]


def test_a_view_of_the_tables_name_stops_the_migration(legacy: Legacy) -> None:
    legacy.sql("CREATE VIEW notifications AS SELECT 1 AS id")
    with pytest.raises(NotATable, match=r"notifications: .* Rename it"), transaction.atomic():
        legacy.forwards()


def test_a_check_of_ours_lets_in_what_theirs_does(legacy: Legacy) -> None:
    shape = SHAPES["rules, older"]
    legacy.sql(shape.create)
    legacy.forwards()
    legacy.sql(shape.insert)  # 'archived', which is no word of ours
    assert legacy.sql("SELECT status FROM automation_rules") == [("archived",)]
