"""Accounts in both directions: people of the old application become users here, users here get a row in auth.users.

The database functions and triggers `smartagent_..._person`, created by the migration with these operations, do so for
later changes; the operations call them for existing people.
"""

import uuid
from collections.abc import Iterator
from functools import partial
from typing import Any

from django.db import IntegrityError
from django.db.backends.base.base import BaseDatabaseWrapper

from smartagent.adoption.changes import LeaveAlone, SchemaChange
from smartagent.adoption.lock_retries import patiently
from smartagent.adoption.routines import RoutinePlace, find_place
from smartagent.adoption.sync.base import Editor, Synchronising, do, logger, show, tell
from smartagent.adoption.sync.sync_changes import ImportPeopleChange as Import
from smartagent.adoption.sync.sync_changes import IntroducePeopleChange as Introduce
from smartagent.adoption.sync.sync_changes import WithdrawPeople as Withdraw
from smartagent.adoption.sync.triggers import KeepInStep

ACCOUNTS = "auth.users"
# E-mails that people have here who could not have their own, and what to say of them.
PLACEHOLDERS = {
    "@without-email.invalid": "no e-mail address in the old application; enter one here",
    "@same-email.invalid": "another account has the same e-mail address, ignoring case; change one address, or "
    "deactivate one of the accounts",
}
PEOPLE_PER_QUERY = 500
Key = Any

INTRODUCED_BY_US = "to_jsonb(u)->'raw_app_meta_data'->>'provider' IS NOT DISTINCT FROM 'smart-agent'"
ALL = f"FROM auth.users u WHERE NOT {INTRODUCED_BY_US}"
MISSING_PEOPLE_SQL = f"{ALL} AND NOT EXISTS (SELECT FROM smartagent_users s WHERE s.id = u.id)"
# Who was deleted there may not sign in here any more, and is not brought back.
NOT_INTRODUCED_SQL = (
    "FROM smartagent_users s WHERE s.is_active AND NOT EXISTS (SELECT FROM auth.users u WHERE u.id = s.id)"
)
IMPORT = "SELECT count(*) FILTER (WHERE smartagent_import_person(id)) FROM unnest(%s::uuid[]) AS id"
INTRODUCE = """SELECT count(*) FILTER (WHERE smartagent_introduce_person(id, email)) FROM smartagent_users
               WHERE id = ANY(%s::uuid[])"""
WITHDRAW = "DELETE FROM auth.users WHERE id = %s RETURNING id"
REFERRED = """
SELECT 1 FROM pg_constraint f JOIN pg_class here ON here.oid = conrelid JOIN pg_class there ON there.oid = confrelid
WHERE contype = 'f' AND confrelid = %s AND here.relnamespace <> there.relnamespace"""
HAS_MARK = "SELECT 1 FROM pg_attribute WHERE attrelid = %s AND attname = 'raw_app_meta_data' AND NOT attisdropped"


class ImportPeople(Synchronising):
    """Create a user, with the same id and password, for each row of auth.users that has none."""

    table = ACCOUNTS

    def describe(self) -> str:
        return "Make the people of the old application known here"

    def lacks(self, connection: BaseDatabaseWrapper) -> list[SchemaChange]:
        missing = count_missing(connection)
        return [Import(people=missing)] if missing else []

    def forwards(self, editor: Editor) -> None:
        if not editor.collect_sql:
            import_missing(editor.connection)
        elif people := count_missing(editor.connection):
            show(editor, Import(people=people))
            editor.execute("SELECT smartagent_import_person(id) FROM auth.users", params=None)

    def backwards(self, editor: Editor) -> None:
        """Keep the users: their table is dropped with its own migration."""


class IntroducePeople(KeepInStep):
    """Create a row in auth.users for each user that has none, if tables of the old application refer to auth.users."""

    def describe(self) -> str:
        return "Make our people known to the old application"

    def place(self, connection: BaseDatabaseWrapper) -> RoutinePlace | None:
        accounts = accounts_of(connection)
        if accounts is None or not _one(connection, REFERRED, [accounts.oid]):
            return None
        return super().place(connection)

    def lacks(self, connection: BaseDatabaseWrapper) -> list[SchemaChange]:
        accounts, place = accounts_of(connection), self.place(connection)
        if accounts is None or place is None:
            return []
        if not _one(connection, HAS_MARK, [accounts.oid]):
            return [LeaveAlone(what="people of ours", why="auth.users has no column raw_app_meta_data to mark them in")]
        people = _count(connection, NOT_INTRODUCED_SQL)
        return [*super().lacks(connection), *([Introduce(people=people)] if people else [])]

    def forwards(self, editor: Editor) -> None:
        super().forwards(editor)
        people = [change for change in self.lacks(editor.connection) if isinstance(change, Introduce)]
        if people and editor.collect_sql:
            show(editor, people[0])
            editor.execute("SELECT smartagent_introduce_person(id, email) FROM smartagent_users", params=None)
        elif people:
            introduce_missing(editor.connection)

    def backwards(self, editor: Editor) -> None:
        super().backwards(editor)
        if editor.collect_sql and accounts_of(editor.connection):
            do(editor, ACCOUNTS, Withdraw(), [f"DELETE FROM auth.users u WHERE {INTRODUCED_BY_US}"])
        elif accounts_of(editor.connection):
            withdraw(editor.connection)


def import_missing(connection: BaseDatabaseWrapper) -> int:
    """Create users for people who only exist in the old application; return their number.

    People who cannot be imported are logged and skipped.
    """
    imported = (
        _in_batches(connection, f"SELECT u.id {MISSING_PEOPLE_SQL}", "u.id", IMPORT) if accounts_of(connection) else 0
    )
    if imported:
        tell(ACCOUNTS, Import(people=imported))
        for ending, people in placeholders(connection).items():
            logger.warning("%s: %d cannot sign in by e-mail: %s", ACCOUNTS, people, PLACEHOLDERS[ending])
    return imported


def introduce_missing(connection: BaseDatabaseWrapper) -> int:
    """Create rows in auth.users for users that have none; return their number."""
    introduced = _in_batches(connection, f"SELECT s.id {NOT_INTRODUCED_SQL}", "s.id", INTRODUCE)
    if introduced:
        tell(ACCOUNTS, Introduce(people=introduced))
    return introduced


def withdraw(connection: BaseDatabaseWrapper) -> None:
    """Delete the rows of auth.users that Smart Agent created, with rows that refer to them, one per transaction."""
    people = _all(connection, f"SELECT u.id FROM auth.users u WHERE {INTRODUCED_BY_US}", [])
    for person in people:
        try:
            patiently(connection, f"{ACCOUNTS}: {Withdraw()}", partial(_one, connection, WITHDRAW, [person]))
        except IntegrityError as error:
            reason = str(error).strip().partition("\n")[0]
            logger.warning("%s: %s stays: %s", ACCOUNTS, person, reason)
    if people:
        tell(ACCOUNTS, Withdraw())


def count_missing(connection: BaseDatabaseWrapper) -> int:
    """Return the number of people in auth.users without a user here; all of them before the users' table exists."""
    if accounts_of(connection) is None:
        return 0
    return _count(connection, MISSING_PEOPLE_SQL if find_place(connection, "smartagent_users") else ALL)


def placeholders(connection: BaseDatabaseWrapper) -> dict[str, int]:
    """Return the number of users with a placeholder as e-mail address, by its ending."""
    active = "FROM smartagent_users WHERE is_active AND email LIKE"
    counts = {ending: _count(connection, f"{active} '%{ending}'") for ending in PLACEHOLDERS}
    return {ending: people for ending, people in counts.items() if people}


def accounts_of(connection: BaseDatabaseWrapper) -> RoutinePlace | None:
    """Return the table auth.users; None if it does not exist or may not be read."""
    place = find_place(connection, ACCOUNTS)
    return place if place and place.may_read else None


def _in_batches(connection: BaseDatabaseWrapper, keys: str, key: str, statement: str) -> int:
    """Run the statement once with each key, PEOPLE_PER_QUERY at a time; return the sum of its results."""
    done = 0
    for batch in _batches(connection, f"{keys} AND {key} > %s ORDER BY {key} LIMIT {PEOPLE_PER_QUERY}"):
        done += patiently(connection, ACCOUNTS, partial(_one, connection, statement, [batch]))[0]
    return done


def _batches(connection: BaseDatabaseWrapper, keys: str) -> Iterator[list[Key]]:
    last: Key = uuid.UUID(int=0)
    while batch := _all(connection, keys, [last]):
        yield batch
        last = batch[-1]


def _count(connection: BaseDatabaseWrapper, rows: str) -> int:
    return int(_one(connection, f"SELECT count(*) {rows}", [])[0])


def _one(connection: BaseDatabaseWrapper, query: str, params: list[Any]) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(query, params or None)
        return cursor.fetchone()


def _all(connection: BaseDatabaseWrapper, query: str, params: list[Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(query, params)
        return [value for (value,) in cursor.fetchall()]
