"""Going back takes away what we added, and nothing else."""

import pytest

from tests.smartagent.adoption.conftest import Legacy
from tests.smartagent.adoption.operations import ROWS
from tests.smartagent.adoption.shapes import INSERT_A, NOTIFICATIONS_A, SHAPES, Shape

every_shape = pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)


@every_shape
def test_back_restores_what_was_found_and_forward_again_completes_it(legacy: Legacy, shape: Shape) -> None:
    legacy.sql(shape.create)
    legacy.sql(shape.insert)
    table = legacy.model(shape.model)._meta.db_table
    found, rows = legacy.dump(), legacy.sql(f"SELECT * FROM {table}")
    legacy.forwards()
    completed = legacy.dump()
    legacy.backwards()
    assert legacy.dump() == found
    assert legacy.sql(f"SELECT * FROM {table}") == rows
    legacy.forwards()
    assert legacy.sql(f"SELECT count(*) FROM {table}") == [(1,)]
    assert legacy.dump()["indexes"] == completed["indexes"]


def test_nothing_stays_of_an_empty_database(legacy: Legacy) -> None:
    before = legacy.dump()
    legacy.forwards()
    legacy.backwards()
    assert legacy.dump() == before


def test_rows_that_they_never_allowed_are_ours_and_go_with_us(legacy: Legacy) -> None:
    legacy.sql(f"{NOTIFICATIONS_A} {SHAPES['actions'].create} {INSERT_A}")
    before = legacy.dump()
    legacy.forwards()
    legacy.model("Notification").objects.create(**ROWS["Notification"])
    legacy.model("Notification").objects.create(**ROWS["Notification"] | {"type": "info"})
    legacy.model("ActionLog").objects.create(**ROWS["ActionLog"])
    legacy.backwards()
    assert legacy.dump() == before
    assert legacy.sql("SELECT type FROM notifications ORDER BY type") == [("info",), ("success",)]
    assert legacy.sql("SELECT * FROM fusion_action_log") == []


def test_rows_of_ours_that_others_refer_to_are_told_and_kept(legacy: Legacy, caplog: pytest.LogCaptureFixture) -> None:
    legacy.sql(f"{NOTIFICATIONS_A} CREATE TABLE replies (to_id uuid REFERENCES notifications)")
    legacy.forwards()
    row = legacy.model("Notification").objects.create(**ROWS["Notification"])
    legacy.sql(f"INSERT INTO replies VALUES ('{row.pk}')")
    legacy.backwards()
    assert legacy.sql("""SELECT convalidated, obj_description(oid, 'pg_constraint') FROM pg_constraint
                         WHERE conname = 'notifications_type_check' AND connamespace = 'legacy'::regnamespace
                      """) == [(False, "Four kinds")]
    assert legacy.sql("SELECT type FROM notifications") == [("notify",)]
    assert any("holds for new rows only" in record.getMessage() for record in caplog.records)


def test_a_table_without_our_marks_is_left(legacy: Legacy) -> None:
    legacy.sql(NOTIFICATIONS_A)
    before = legacy.dump()
    legacy.backwards()
    assert legacy.dump() == before


def test_comments_of_theirs_survive(legacy: Legacy) -> None:
    legacy.sql(SHAPES["actions"].create)
    legacy.sql("COMMENT ON COLUMN fusion_action_log.integration_name IS E'Whose\\nname'")
    before = legacy.dump()
    legacy.forwards()
    legacy.backwards()
    assert legacy.dump() == before
