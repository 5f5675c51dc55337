"""Functions that the old application's clients call, where nobody has made them."""

from collections.abc import Iterator

import pytest

from tests.smartagent.adoption.conftest import Takeover
from tests.smartagent.adoption.shapes import NOTIFICATIONS_A

ALICE, BOB = "00000000-0000-0000-0000-00000000000a", "00000000-0000-0000-0000-00000000000b"
WHO_ASKS = """
CREATE FUNCTION auth.uid() RETURNS uuid LANGUAGE sql STABLE
AS $$ SELECT nullif(current_setting('request.jwt.claim.sub', true), '')::uuid $$;
"""
ROWS = f"""
INSERT INTO auth.users VALUES ('{BOB}', 'bob@example.com');
INSERT INTO notifications (user_id, type, title, message)
SELECT id, 'info', 'Old', 'x' FROM auth.users, generate_series(1, 3);
"""
STATUSES = "SELECT status, is_read FROM notifications WHERE user_id = '{}' ORDER BY 1"
FUNCTIONS = """SELECT proname::text FROM pg_proc WHERE proname IN
    ('mark_notification_read', 'mark_all_notifications_read', 'get_unread_notification_count',
     'cleanup_old_notifications') ORDER BY 1"""


@pytest.fixture
def asked_by_alice(takeover: Takeover) -> Iterator[Takeover]:
    """A table with rows of Alice and of Bob, and Alice asking."""
    takeover.sql(WHO_ASKS + NOTIFICATIONS_A)
    takeover.sql(ROWS)
    takeover.forwards()
    takeover.sql(f"SET request.jwt.claim.sub TO '{ALICE}'")
    yield takeover
    takeover.sql("RESET request.jwt.claim.sub")


def test_one_is_marked(asked_by_alice: Takeover) -> None:
    asked_by_alice.sql(f"SELECT mark_notification_read(id) FROM notifications WHERE user_id = '{BOB}'")
    assert asked_by_alice.sql("SELECT get_unread_notification_count()") == [(3,)]
    asked_by_alice.sql(f"SELECT mark_notification_read(id) FROM notifications WHERE user_id = '{ALICE}' LIMIT 1")
    assert asked_by_alice.sql("SELECT get_unread_notification_count()") == [(2,)]
    assert asked_by_alice.sql(STATUSES.format(ALICE))[0] == ("read", True)


def test_all_are_marked_but_not_those_of_others(asked_by_alice: Takeover) -> None:
    asked_by_alice.sql("SELECT mark_all_notifications_read()")
    assert asked_by_alice.sql(STATUSES.format(ALICE)) == [("read", True)] * 3
    assert asked_by_alice.sql(STATUSES.format(BOB)) == [("unread", False)] * 3


def test_what_was_archived_long_ago_is_removed(asked_by_alice: Takeover) -> None:
    asked_by_alice.sql("UPDATE notifications SET archived_at = now() - interval '91 days'")
    assert asked_by_alice.sql("SELECT cleanup_old_notifications()") == [(3,)]
    # A nightly job of the owner, who is nobody.
    asked_by_alice.sql("RESET request.jwt.claim.sub")
    assert asked_by_alice.sql("SELECT cleanup_old_notifications()") == [(3,)]


def test_whoever_does_not_sign_in_may_not_call_them(asked_by_alice: Takeover) -> None:
    assert asked_by_alice.sql(
        "SELECT has_function_privilege('public', 'mark_all_notifications_read()', 'EXECUTE')"
    ) == [(False,)]


def test_they_are_not_made_where_nobody_could_ask(takeover: Takeover) -> None:
    takeover.forwards()
    assert takeover.sql(FUNCTIONS) == []


def test_one_of_theirs_is_left(takeover: Takeover) -> None:
    theirs = "CREATE FUNCTION mark_all_notifications_read() RETURNS boolean LANGUAGE sql AS 'SELECT true'"
    takeover.sql(f"{WHO_ASKS} {NOTIFICATIONS_A} {theirs}")
    takeover.forwards()
    assert takeover.sql("SELECT mark_all_notifications_read()") == [(True,)]
    assert len(takeover.sql(FUNCTIONS)) == 4
    assert takeover.lacks() == []
    takeover.backwards("notifications")
    assert takeover.sql(FUNCTIONS) == [("mark_all_notifications_read",)]
