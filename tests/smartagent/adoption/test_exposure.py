"""A database that serves the web grants it every new table; ours are taken back."""

import pytest
from django.db import connection

from smartagent.adoption.table_grants import close_off, exposed

MADE = "DO $$ BEGIN CREATE ROLE anon; EXCEPTION WHEN duplicate_object THEN END $$"


@pytest.fixture
def _granted_to_the_web(db: None) -> None:
    """In the transaction of the test: roles are of the whole server."""
    with connection.cursor() as cursor:
        cursor.execute(MADE)
        cursor.execute("GRANT ALL ON smartagent_users, smartagent_sessions, notifications TO anon")
        cursor.execute("GRANT ALL ON SEQUENCE auth_group_id_seq TO anon")


@pytest.mark.usefixtures("_granted_to_the_web")
def test_our_tables_are_taken_from_the_web() -> None:
    assert {name for name, _, _ in exposed(connection)} == {
        "smartagent_users", "smartagent_sessions", "notifications", "auth_group_id_seq",
    }  # fmt: skip
    close_off("default")
    assert exposed(connection) == []
    with connection.cursor() as cursor:
        cursor.execute("SELECT has_table_privilege('anon', 'smartagent_users', 'SELECT')")
        assert cursor.fetchone() == (False,)


@pytest.mark.usefixtures("_granted_to_the_web")
def test_a_table_that_was_there_before_us_is_theirs_to_grant() -> None:
    with connection.cursor() as cursor:
        cursor.execute("COMMENT ON TABLE notifications IS 'The inbox'")
    assert "notifications" not in {name for name, _, _ in exposed(connection)}
