"""Going back takes away what we added, and nothing else."""

import pytest

from tests.smartagent.adoption.conftest import Legacy
from tests.smartagent.adoption.operations import ROWS
from tests.smartagent.adoption.shapes import NOTIFICATIONS_A, SHAPES, Shape

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


def test_a_check_goes_back_although_rows_of_ours_break_it(legacy: Legacy, caplog: pytest.LogCaptureFixture) -> None:
    legacy.sql(NOTIFICATIONS_A)
    legacy.forwards()
    legacy.model("Notification").objects.create(**ROWS["Notification"])
    legacy.backwards()
    assert legacy.sql("""SELECT convalidated, obj_description(oid, 'pg_constraint') FROM pg_constraint
                         WHERE conname = 'notifications_type_check'""") == [(False, "Four kinds")]
    assert legacy.sql("SELECT type FROM notifications") == [("notify",)]
    assert any("holds for new rows only" in record.getMessage() for record in caplog.records)


def test_a_not_null_that_rows_of_ours_prevent_is_told(legacy: Legacy, caplog: pytest.LogCaptureFixture) -> None:
    legacy.sql(SHAPES["actions"].create)
    legacy.forwards()
    row = legacy.model("ActionLog").objects.create(**ROWS["ActionLog"])
    legacy.backwards()
    assert any("integration_name stays nullable" in record.getMessage() for record in caplog.records)

    # Once the rows are gone, another round restores it.
    legacy.sql(f"DELETE FROM fusion_action_log WHERE id = '{row.pk}'")
    legacy.forwards()
    legacy.backwards()
    assert legacy.sql("""SELECT is_nullable FROM information_schema.columns
                         WHERE table_schema = 'legacy' AND column_name = 'integration_name'""") == [("NO",)]


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
