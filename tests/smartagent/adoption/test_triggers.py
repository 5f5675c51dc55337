"""Whoever writes, the columns of both applications follow each other."""

import pytest

from tests.smartagent.adoption.conftest import Takeover
from tests.smartagent.adoption.shapes import ALICE, NOTIFICATIONS_A, NOTIFICATIONS_C

NOW = "'2026-03-02 10:00+00'"
# All four columns, as in a table that was completed by hand.
NOTIFICATIONS_BOTH = f"""{NOTIFICATIONS_A}
ALTER TABLE notifications ADD status text, ADD read_at timestamptz, ADD archived_at timestamptz;
"""
INSERT = "INSERT INTO notifications (user_id, type, title, message{columns}) VALUES ({alice}, 'info', 'x', 'x'{values})"
OURS = "SELECT tgname FROM pg_trigger WHERE tgname LIKE 'zz%' AND tgrelid IN ('notifications'::regclass)"
STATE = """SELECT to_jsonb(n)->>'is_read', status, read_at IS NOT NULL, archived_at IS NOT NULL FROM notifications n"""

UNREAD = ("false", "unread", False, False)
READ = ("true", "read", True, False)
ARCHIVED = ("true", "archived", True, True)
LONG_READ = ("true", "read", False, False)  # before us: nobody knows when


def insert(takeover: Takeover, columns: str = "", values: str = "") -> None:
    columns, values = columns and f", {columns}", values and f", {values}"
    takeover.sql(INSERT.format(columns=columns, alice=ALICE, values=values))


INSERTS = {
    "nothing said": ("", "", UNREAD),
    "is_read": ("is_read", "true", READ),
    "is_read is null": ("is_read", "NULL", (None, "unread", False, False)),
    "read": ("status", "'read'", READ),
    "archived": ("status", "'archived'", ARCHIVED),
    "no status": ("status", "NULL", UNREAD),
    "no status, is_read": ("is_read, status", "true, NULL", READ),
    "read_at": ("read_at", NOW, READ),
    "archived_at": ("archived_at", NOW, ARCHIVED),
}


@pytest.mark.parametrize("shape", [NOTIFICATIONS_A, NOTIFICATIONS_BOTH], ids=["A", "both"])
def test_an_insert_is_completed(takeover: Takeover, shape: str) -> None:
    takeover.sql(shape)
    takeover.forwards()
    for name, (columns, values, state) in INSERTS.items():
        takeover.sql("DELETE FROM notifications")
        insert(takeover, columns, values)
        assert takeover.sql(STATE) == [state], name


UPDATES = {
    "is_read": (UNREAD, "is_read = true", READ),
    "is_read again": (READ, "is_read = true", READ),
    "not is_read": (READ, "is_read = false", UNREAD),
    "is_read null": (READ, "is_read = NULL", (*UNREAD,)),
    "not is_read, from the archive": (ARCHIVED, "is_read = false", UNREAD),
    "read": (UNREAD, "status = 'read'", READ),
    "archived": (UNREAD, "status = 'archived'", ARCHIVED),
    "archived, by an application that knows is_read too": (UNREAD, "is_read = true, archived_at = now()", ARCHIVED),
    "out of the archive": (ARCHIVED, "status = 'read'", READ),
    "unread again": (ARCHIVED, "status = 'unread'", UNREAD),
    "read_at": (UNREAD, f"read_at = {NOW}", READ),
    "read_at cleared": (READ, "read_at = NULL", UNREAD),
    "archived_at": (READ, f"archived_at = {NOW}", ARCHIVED),
    "archived_at cleared": (ARCHIVED, "archived_at = NULL", READ),
    "all of it, as our pages write it": (READ, "status = 'unread', read_at = NULL, archived_at = NULL", UNREAD),
    "whole rows": (UNREAD, "status = 'unread', is_read = true, read_at = NULL", READ),
    "something else": (ARCHIVED, "title = 'y'", ARCHIVED),
    "read before us": (LONG_READ, "title = 'y'", LONG_READ),
    "read before us, archived now": (LONG_READ, "status = 'archived'", ARCHIVED),
}  # fmt: skip


def test_an_update_is_followed(takeover: Takeover) -> None:
    takeover.sql(NOTIFICATIONS_A)
    takeover.forwards()
    for name, (before, update, after) in UPDATES.items():
        place(takeover, before)
        takeover.sql(f"UPDATE notifications SET {update}")
        state = takeover.sql(STATE)[0]
        assert (state[0] or "false", *state[1:]) == after, name


def place(takeover: Takeover, state: tuple[str, str, bool, bool]) -> None:
    """One notification in this state, whatever the trigger says."""
    is_read, status, read, archived = state
    takeover.sql("DELETE FROM notifications")
    takeover.sql("ALTER TABLE notifications DISABLE TRIGGER USER")
    takeover.sql(f"""
        INSERT INTO notifications (user_id, type, title, message, is_read, status, read_at, archived_at)
        VALUES ({ALICE}, 'info', 'x', 'x', {is_read}, '{status}', {NOW if read else "NULL"},
                {NOW if archived else "NULL"})""")
    takeover.sql("ALTER TABLE notifications ENABLE TRIGGER USER")


def test_a_time_that_is_given_is_kept(takeover: Takeover) -> None:
    takeover.sql(NOTIFICATIONS_A)
    takeover.forwards()
    insert(takeover, "archived_at", NOW)
    takeover.sql(f"UPDATE notifications SET status = 'read', read_at = {NOW}")
    assert takeover.sql(f"SELECT read_at = {NOW} FROM notifications") == [(True,)]


def test_a_table_without_is_read_has_its_times_kept(takeover: Takeover) -> None:
    takeover.sql(NOTIFICATIONS_C)
    takeover.forwards()
    insert(takeover)
    takeover.sql("UPDATE notifications SET status = 'archived'")
    assert takeover.sql(STATE) == [(None, "archived", True, True)]


def test_a_word_that_is_not_ours_is_left(takeover: Takeover) -> None:
    takeover.sql(NOTIFICATIONS_BOTH)
    takeover.forwards()
    insert(takeover, "is_read, status", "false, 'pinned'")
    takeover.sql("UPDATE notifications SET title = 'y'")
    assert takeover.sql(STATE) == [("false", "pinned", False, False)]


def test_a_column_that_is_of_another_type_fails_no_insert(takeover: Takeover) -> None:
    takeover.sql(NOTIFICATIONS_A.replace("is_read boolean DEFAULT false", "is_read text DEFAULT 'perhaps'"))
    takeover.forwards()
    insert(takeover)
    assert takeover.sql("SELECT is_read, status FROM notifications") == [("perhaps", "unread")]


def test_an_empty_database_gets_no_trigger(takeover: Takeover) -> None:
    takeover.forwards()
    assert takeover.sql(OURS) == []
    assert takeover.lacks() == []


def test_whoever_has_no_right_to_our_tables_writes_theirs(takeover: Takeover) -> None:
    """As the old application's people do: signed in by a role that sees their own rows only."""
    takeover.sql("""
        CREATE TABLE fusion_score_history (user_id uuid, integration_id uuid, fusion_score numeric,
                                           recorded_at timestamptz DEFAULT now())""")
    takeover.sql(NOTIFICATIONS_A)
    takeover.forwards()
    takeover.sql("""CREATE ROLE browser; GRANT USAGE ON SCHEMA legacy, auth TO browser;
                    GRANT SELECT, INSERT, UPDATE ON notifications, fusion_score_history TO browser;
                    CREATE POLICY browsing ON notifications TO browser USING (true)""")
    try:
        takeover.sql("SET ROLE browser")
        insert(takeover)
        takeover.sql("UPDATE notifications SET is_read = true")
        takeover.sql(f"INSERT INTO fusion_score_history (user_id, fusion_score) VALUES ({ALICE}, 70)")
        assert takeover.sql(STATE) == [READ]
        takeover.sql("RESET ROLE")
        assert takeover.sql("SELECT value FROM metric_samples") == [(70.0,)]
        may = "SELECT has_function_privilege('browser', 'smartagent_import_person(uuid)', 'EXECUTE')"
        assert takeover.sql(may) == [(False,)]
    finally:
        takeover.sql("RESET ROLE; DROP OWNED BY browser; DROP ROLE browser")


def test_a_trigger_that_somebody_disabled_or_changed_is_lacking(takeover: Takeover) -> None:
    takeover.sql(NOTIFICATIONS_A)
    takeover.forwards()
    takeover.sql("ALTER TABLE notifications DISABLE TRIGGER zz_smartagent_notification_status")
    takeover.sql("ALTER FUNCTION smartagent_notification_status() SECURITY INVOKER")
    made = ["function smartagent_notification_status made", "trigger zz_smartagent_notification_status made"]
    assert takeover.lacks() == made
    takeover.repair()
    assert takeover.lacks() == []


def test_going_back_leaves_nothing_of_ours(takeover: Takeover) -> None:
    takeover.sql(NOTIFICATIONS_A)
    insert(takeover, "is_read", "true")
    before, rows = takeover.dump(), takeover.sql("SELECT * FROM notifications")
    takeover.forwards()
    takeover.backwards("notifications")
    assert takeover.sql("SELECT * FROM notifications") == rows
    assert takeover.sql(f"{OURS} OR tgname LIKE 'zz_smartagent_notification%'") == []
    names = ("notifications",)
    after = takeover.dump()
    assert [row for row in after["columns"] if row[0] in names] == [row for row in before["columns"] if row[0] in names]
