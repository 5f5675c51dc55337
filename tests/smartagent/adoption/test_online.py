"""Others go on writing while a table is completed, and a run that was ended is finished by the next."""

import threading
from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper

from smartagent.adoption import lock_retries
from smartagent.adoption.ownership_marks import building
from tests.databases import connection_of_its_own
from tests.smartagent.adoption.conftest import Legacy
from tests.smartagent.adoption.shapes import INSERT_A, NOTIFICATIONS_A

INDEX_NAMES = "SELECT indexname FROM pg_indexes WHERE schemaname = 'legacy' AND tablename = 'notifications'"

REQUESTED = "SELECT count(*) FROM pg_locks WHERE relation = 'notifications'::regclass AND NOT granted"


@pytest.fixture
def old_application(legacy: Legacy) -> Iterator[psycopg.Connection]:
    """A connection of its own, with the table of shape A."""
    legacy.sql(NOTIFICATIONS_A)
    with connection_of_its_own() as other:
        other.execute("SET search_path TO legacy")
        yield other


def test_an_index_is_built_without_a_transaction(legacy: Legacy, old_application: psycopg.Connection) -> None:
    legacy.forwards(atomic=False)
    assert {"notifications_inbox", "notifications_unread"} <= {name for (name,) in legacy.sql(INDEX_NAMES)}
    assert legacy.sql("SELECT count(*) FROM pg_index WHERE NOT indisvalid") == [(0,)]


def test_what_an_ended_run_was_building_is_built_again(legacy: Legacy, old_application: psycopg.Connection) -> None:
    left = building("notifications_inbox")
    legacy.sql(f"CREATE INDEX {left} ON notifications (title)")
    legacy.forwards(atomic=False)
    names = {name for (name,) in legacy.sql(INDEX_NAMES)}
    assert "notifications_inbox" in names
    assert left not in names


def test_a_constraint_that_an_ended_run_did_not_hold_against_all_rows_is_held(
    legacy: Legacy, old_application: psycopg.Connection
) -> None:
    legacy.forwards(atomic=False)
    definition = """SELECT pg_get_constraintdef(oid), convalidated FROM pg_constraint
                    WHERE conname = 'notifications_status_known' AND connamespace = 'legacy'::regnamespace"""
    ((before, _),) = legacy.sql(definition)
    legacy.sql(f"""ALTER TABLE notifications DROP CONSTRAINT notifications_status_known,
                   ADD CONSTRAINT notifications_status_known {before} NOT VALID;
                   COMMENT ON CONSTRAINT notifications_status_known ON notifications IS 'smart-agent: added'""")
    legacy.forwards(atomic=False)
    assert [valid for _, valid in legacy.sql(definition)] == [True]


def test_it_waits_for_the_table_without_making_others_wait(legacy: Legacy, old_application: psycopg.Connection) -> None:
    """A transaction holds the table, the migration waits for it, and a third one still writes before either ends."""
    worker = threading.Thread(target=migrate, args=(legacy,))
    try:
        with old_application.transaction():
            old_application.execute(INSERT_A)
            worker.start()
            write_while_it_waits(worker)
            assert worker.is_alive()
    finally:
        worker.join()
    assert legacy.sql("SELECT count(*) FROM notifications WHERE status = 'unread'") == [(2,)]
    [(deadlock_timeout,)] = legacy.sql("SELECT current_setting('deadlock_timeout')::interval")
    assert deadlock_timeout > lock_retries.LOCK_TIMEOUT


def migrate(legacy: Legacy) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET search_path TO legacy")
    legacy.forwards(atomic=False)
    give_back(connection)


def write_while_it_waits(worker: threading.Thread) -> None:
    """Write as another user of the table while `worker` has requested a lock on it; an error where that blocks."""
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SET search_path TO legacy; SET lock_timeout = '30s'")
            while worker.is_alive() and not cursor.execute(REQUESTED).fetchone()[0]:
                pass
            cursor.execute(INSERT_A)
    finally:
        give_back(other)


def give_back(used: BaseDatabaseWrapper) -> None:
    """The pool keeps the connection, and so what was set in it."""
    with used.cursor() as cursor:
        cursor.execute("RESET search_path; RESET lock_timeout")
    used.close()


def test_somebody_who_never_lets_go_is_told_of(
    legacy: Legacy, old_application: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock_retries, "MAX_WAIT", timedelta(seconds=0.3))
    with old_application.transaction():
        old_application.execute(INSERT_A)
        with pytest.raises(lock_retries.NeverFree, match=r"notifications: column .*never free"):
            legacy.forwards(atomic=False)
