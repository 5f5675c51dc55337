"""The second wall: statements of a member's request run as a role that row-level security keeps to their own rows.

`keep_to` keeps the connection of this thread to a person, `leave` lets it go; `as_owner` lets Smart Agent's own work
in a request, such as an evaluation, see everything. The cursors of `member_cursor` take the role with each statement.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.backends.signals import connection_created

from smartagent.kernel.member_cursor import MEMBER_ROLE as MEMBER_ROLE
from smartagent.kernel.member_cursor import role_of

# Temporary tables that the connection has from another request belong to the other role.
BEGIN = "DISCARD TEMP"
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
        _set(None)
        if not settings.DATABASE_DIRECT_URL:  # where a pool is in between, no session keeps a temporary table
            connection.ensure_connection()
            connection.connection.execute(BEGIN)
        _set(str(person))


def leave() -> None:
    """Let the connection of this thread see everything again."""
    _set(None)


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
        _set(person)


def _person() -> str | None:
    person: str | None = getattr(connection, "member", None)
    return person


def _set(person: str | None) -> None:
    connection.member = person  # type: ignore[attr-defined]
    if connection.connection is not None:
        role_of(connection.connection).want(person)


def _again(sender: Any, connection: Any, **_: Any) -> None:
    """A connection lost in the middle of a request is made anew for the person; one of the pool begins as the owner."""
    role_of(connection.connection).want(getattr(connection, "member", None))


connection_created.connect(_again, dispatch_uid="smartagent.kernel.member_role")
