"""The second wall: statements of a member's request run as a role that row-level security keeps to their own rows.

`keep_to` puts the connection of this thread into the role, `leave` takes it out; `as_owner` lets Smart Agent's own work
in a request, such as an evaluation, see everything. The role is taken for the session and given back at the end of the
request, so a connection pooler in transaction mode cannot be used with it.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any
from uuid import UUID

import psycopg
from django.db import connection
from django.db.backends.signals import connection_created

MEMBER_ROLE = "smartagent_member"
TAKE_ROLE = "SELECT set_config('smartagent.person', '{person}', false), set_config('role', '{role}', false)"
# Temporary tables that the connection has from another request belong to the other role.
BEGIN = "DISCARD TEMP"
# The role that the connection began with, which its address may name.
GIVE_BACK = "RESET ROLE"
MAY_TAKE = f"""
SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = '{MEMBER_ROLE}' AND NOT rolbypassrls AND NOT rolsuper
                                      AND pg_has_role(oid, 'MEMBER'))
       AND has_table_privilege((SELECT oid FROM pg_roles WHERE rolname = '{MEMBER_ROLE}'),
                               to_regclass('smartagent_users'), 'SELECT') IS TRUE
       AND has_schema_privilege((SELECT oid FROM pg_roles WHERE rolname = '{MEMBER_ROLE}'),
                                current_schema(), 'USAGE') IS TRUE"""


class _Known:
    """Whether this process may take the role, by database."""

    by_database: dict[str, bool] = {}


def is_there() -> bool:
    """Whether the database has the role, with its rights, and our account may take it; asked once a process."""
    name = str(connection.settings_dict["NAME"])
    if name not in _Known.by_database:
        with connection.cursor() as cursor:
            cursor.execute(MAY_TAKE)
            _Known.by_database[name] = bool(cursor.fetchone()[0])
    return _Known.by_database[name]


def forget() -> None:
    """Let the next who asks look again."""
    _Known.by_database.clear()


def keep_to(person: UUID) -> None:
    """Let the connection of this thread see only what `person` may see, until `leave`."""
    if is_there():
        connection.ensure_connection()
        connection.connection.execute(BEGIN)
        _set(str(person))


def leave() -> None:
    """Let the connection of this thread see everything again."""
    if _person() is None:
        return
    try:
        _set(None)
    except psycopg.errors.InFailedSqlTransaction:
        if not connection.in_atomic_block:  # whose end gives it back
            connection.close()


@contextmanager
def as_owner() -> Iterator[None]:
    """Work of Smart Agent itself within a member's request: it sees everything."""
    person = _person()
    if person is None:
        yield
        return
    _set(None)
    try:
        yield
    finally:
        # In a transaction that failed nothing can be set, and what was set in it is undone with it.
        with suppress(psycopg.errors.InFailedSqlTransaction):
            _set(person)


class KeptStream:
    """The chunks of a streamed response, made in the role that the request has taken; given back at their end."""

    def __init__(self, chunks: Iterable[Any]) -> None:
        self.chunks = iter(chunks)
        self.is_open = True

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        try:
            return next(self.chunks)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End the stream, also one that nobody has begun to read."""
        if not self.is_open:
            return
        self.is_open = False
        try:
            if close := getattr(self.chunks, "close", None):
                close()
        finally:
            leave()


def _person() -> str | None:
    person: str | None = getattr(connection, "member", None)
    return person


def _set(person: str | None) -> None:
    """Not by Django's cursor: what a page asks of the database is counted there."""
    connection.member = person  # type: ignore[attr-defined]
    if person is None and connection.connection is None:
        return  # the next one begins as the owner
    connection.ensure_connection()
    _tell(connection.connection, person)


def _tell(session: Any, person: str | None) -> None:
    if person is None:
        session.execute(GIVE_BACK)
    else:
        session.execute(TAKE_ROLE.format(person=UUID(person), role=MEMBER_ROLE))


def _again(sender: Any, connection: Any, **_: Any) -> None:
    """A connection that was lost in the middle of a request is made anew in the role; one from the pool begins as the
    owner, however it came back there."""
    person = getattr(connection, "member", None)
    if person is not None or getattr(connection, "pool", None):
        _tell(connection.connection, person)


connection_created.connect(_again, dispatch_uid="smartagent.kernel.member_role")
