"""What differs from what we need: columns, constraints, indexes, triggers, policies, rows."""

from collections.abc import Iterator

import pytest
from django.db import connection
from django.db.models import Count

from notifications.models import Notification
from smartagent.doctor import tables
from smartagent.doctor.repair import repair
from smartagent.models import User
from tests.legacy.test_takeover import MIXTURES, built
from tests.smartagent.adoption.conftest import Legacy, Takeover
from tests.smartagent.doctor.conftest import Sql, doctor, looked, problems, to_be_broken

ROLE = "DO $$ BEGIN CREATE ROLE smartagent_doctor_test; EXCEPTION WHEN duplicate_object THEN END $$"


@pytest.fixture
def adopted(transactional_db: None) -> Iterator[Sql]:
    """A database that was taken over."""

    def take_over() -> None:
        built(Takeover(Legacy()), MIXTURES["the first scripts"]).takeover.forwards()

    with to_be_broken("adopted", take_over) as sql:
        yield sql


def test_a_trigger_that_is_disabled_changed_or_gone(adopted: Sql) -> None:
    sql = adopted
    named = "SELECT tgname FROM pg_trigger WHERE tgrelid = 'notifications'::regclass AND tgname LIKE 'zz_%'"
    trigger = sql(named)[0][0]
    for harm in (f"DROP TRIGGER {trigger} ON notifications", f"ALTER TABLE notifications DISABLE TRIGGER {trigger}"):
        sql(harm)
        assert any(f"The trigger {trigger} is missing, disabled" in problem for problem in problems("error"))
        assert f"notifications: trigger {trigger} made" in repair(connection).done
        assert problems("error") == []
    sql(
        "CREATE OR REPLACE FUNCTION smartagent_import_person(person uuid) RETURNS boolean LANGUAGE sql AS 'SELECT true'"
    )
    assert "auth.users: The function smartagent_import_person is missing, or was changed." in problems("error")
    assert doctor(fix=True)[0] == 0


def test_rows_are_filled_in_again_where_their_column_was_lost(adopted: Sql) -> None:
    adopted("ALTER TABLE notifications DROP COLUMN status")
    read = adopted("SELECT count(*) FROM notifications WHERE is_read")[0][0]
    assert doctor(fix=True)[0] == 0
    assert Notification.objects.filter(status="read").count() == read > 0


def test_people_who_are_not_here_are_brought_here(adopted: Sql) -> None:
    adopted("DELETE FROM smartagent_users_groups; DELETE FROM smartagent_users WHERE email LIKE 'ben@%'")
    assert any("1 person of the old application is not known here" in problem for problem in problems("warning"))
    assert "auth.users: 1 person of the old application made known here" in repair(connection).done
    assert User.objects.filter(email="ben@old.example").exists()


def test_a_check_that_refuses_our_words(adopted: Sql) -> None:
    adopted("""ALTER TABLE notifications DROP CONSTRAINT notifications_type_check;
        ALTER TABLE notifications ADD CONSTRAINT notifications_type_check
        CHECK (type IN ('info', 'warning', 'error', 'success'))""")
    assert "notifications: The check notifications_type_check rejects alert, notify in the column type." in problems()
    assert doctor(fix=True)[0] == 0


def test_a_constraint_that_is_not_valid_and_one_that_cannot_be(sql: Sql, alice: User) -> None:
    sql("ALTER TABLE notifications DROP CONSTRAINT notifications_severity_known")
    Notification.objects.create(user=alice, type="alert", title="T", message="M", severity="odd")
    assert "notifications: The check notifications_severity_known is missing." in problems("error")
    repairs = repair(connection)
    assert any("holds for new rows only" in line for line in repairs.refused)
    assert looked().ok, "a warning is no error"
    assert any("NOT VALID" in problem for problem in problems("warning"))
    sql("UPDATE notifications SET severity = 'low'")
    assert doctor(fix=True)[0] == 0
    assert problems() == []


def test_an_index_that_an_ended_build_left_behind(sql: Sql) -> None:
    sql("CREATE INDEX smartagent_building_0123456789abcdef ON dispatch_runs (id); DROP INDEX dispatch_runs_newest")
    assert any("was left unfinished" in problem for problem in problems("warning"))
    assert doctor(fix=True)[0] == 0
    assert problems() == []


def test_an_invalid_index_of_somebody_else(sql: Sql) -> None:
    sql("""CREATE INDEX theirs ON dispatch_runs (outcome);
           UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'theirs'::regclass""")
    assert any("The index theirs is invalid" in problem for problem in problems("warning"))
    assert looked().ok


def test_a_view_in_the_place_of_a_table(sql: Sql) -> None:
    sql("ALTER TABLE rule_states RENAME TO other; CREATE VIEW rule_states AS SELECT * FROM other")
    assert "rule_states: A view or another object has the name of a required table." in problems("error")


def test_a_column_of_another_type_is_a_warning(sql: Sql) -> None:
    sql("ALTER TABLE dispatch_runs ALTER COLUMN error_message TYPE uuid USING NULL")
    assert looked().ok
    assert "dispatch_runs: column error_message left alone: it is uuid, we need text." in problems("warning")


def test_row_level_security_that_hides_rows_and_rights_that_lack(sql: Sql) -> None:
    sql(f"{ROLE}; GRANT USAGE ON SCHEMA legacy TO smartagent_doctor_test")
    sql("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA legacy TO smartagent_doctor_test")
    sql("REVOKE DELETE ON notifications FROM smartagent_doctor_test; ALTER TABLE rule_states ENABLE ROW LEVEL SECURITY")
    sql("SET ROLE smartagent_doctor_test")
    try:
        found = problems("error")
    finally:
        sql("RESET ROLE; DROP OWNED BY smartagent_doctor_test; DROP ROLE smartagent_doctor_test")
    assert "notifications: The account smartagent_doctor_test has no right to DELETE." in found
    assert "rule_states: Row-level security hides rows from the account smartagent_doctor_test." in found


def test_tables_that_are_open_to_the_web(sql: Sql) -> None:
    sql("DO $$ BEGIN CREATE ROLE anon; EXCEPTION WHEN duplicate_object OR unique_violation THEN END $$")
    sql("GRANT SELECT ON smartagent_users TO anon")
    assert "smartagent_users: Web roles (anon) have access." in problems("error")
    assert doctor(fix=True)[0] == 0


def test_rows_of_a_table_that_takes_long_to_count_are_estimated(adopted: Sql, monkeypatch: pytest.MonkeyPatch) -> None:
    adopted("ANALYZE")
    monkeypatch.setattr(tables, "LONGEST_COUNT", "1ms")
    monkeypatch.setattr(tables, "Count", _Slow)
    known = {table.table: table.unrepresentable for table in looked().tables}
    assert known["notifications"] == 0
    adopted("ALTER TABLE notifications DISABLE TRIGGER USER, DROP CONSTRAINT notifications_status_known")
    hidden = "(SELECT id FROM notifications ORDER BY id LIMIT 500)"
    adopted(f"UPDATE notifications SET status = 'theirs' WHERE id IN {hidden}")
    known = {table.table: table.unrepresentable for table in looked().tables}
    assert known["notifications"] == 500


class _Slow(Count):
    template = "sum(length(pg_sleep(0.01)::text))"
