"""Cursors by which each statement of a member's request runs in the role that row-level security keeps to their rows.

The role and the person are set with the statement itself, for its transaction only: nothing of them outlives it in a
session that a pool, ours or PgBouncer in transaction mode, gives to somebody else next. A statement of one's own costs
no round trip, since PostgreSQL takes several statements at a time, except for COPY, pipelines and binary parameters.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any
from uuid import UUID

import psycopg
from django.db.backends.postgresql import base
from psycopg.client_cursor import ClientCursorMixin
from psycopg.pq import PipelineStatus, TransactionStatus

MEMBER_ROLE = "smartagent_member"
TAKE_ROLE = "SELECT set_config('smartagent.person', '{person}', true), set_config('role', '{role}', true);"
# The role that the connection began with, which its address may name.
GIVE_BACK = b"SET LOCAL role TO DEFAULT;"
OWNER, UNKNOWN = "the owner", "unknown"


class SessionRole:
    """As whom the statements of one connection to the database are to run, and the last one of its transaction did."""

    __slots__ = ("ran_as", "statement", "wanted")

    def __init__(self) -> None:
        self.wanted: str | None = None
        self.statement = b""
        self.ran_as: str | None = None  # a person; None where the transaction has not taken the role

    def want(self, person: str | None) -> None:
        """Let the next statements see only the rows of `person`; everything for None."""
        self.wanted = person
        self.statement = b"" if person is None else TAKE_ROLE.format(person=UUID(person), role=MEMBER_ROLE).encode()

    def next_statement(self, status: int, query: bytes) -> bytes:
        """What is to be sent with `query`, which is one of the role's own words."""
        if status == TransactionStatus.INERROR:  # only a rollback works, perhaps to a point with another role
            self.ran_as = UNKNOWN
            return b""
        if status == TransactionStatus.IDLE:
            self.ran_as = None  # what a transaction has set ended with it
        if self.wanted is None and self.ran_as is None:
            return b""
        self.ran_as = UNKNOWN if query.lstrip()[:8].upper() == b"ROLLBACK" else self.wanted or OWNER
        return self.statement or GIVE_BACK

    def holds(self, status: int) -> bool:
        """Whether a statement that nothing can be sent with runs as it should."""
        if status == TransactionStatus.IDLE:
            return self.wanted is None
        return self.ran_as == self.wanted or (self.wanted is None and self.ran_as == OWNER)


def role_of(session: Any) -> SessionRole:
    """The role of a connection of psycopg."""
    found: SessionRole | None = getattr(session, "smartagent_role", None)
    if found is None:
        found = session.smartagent_role = SessionRole()
    return found


class _InRole:
    """Runs statements in the role by a statement ahead of them, in one transaction."""

    _conn: Any
    _is_ahead = False

    @contextmanager
    def _role_ahead(self) -> Iterator[None]:
        status = self._conn.pgconn.transaction_status
        holds = role_of(self._conn).holds(status)
        alone = not holds and status == TransactionStatus.IDLE and self._conn.autocommit
        whole: AbstractContextManager[Any] = self._conn.transaction() if alone else nullcontext()
        with whole:
            if not holds:
                self._conn.execute("SELECT")  # with the role
            self._is_ahead = True
            try:
                yield
            finally:
                self._is_ahead = False


class _ManyInRole(_InRole):
    """Runs a statement for many rows, and COPY, in the role."""

    def executemany(self, *args: Any, **options: Any) -> None:
        """Execute a statement once for each row of parameters."""
        with self._role_ahead():
            super().executemany(*args, **options)  # type: ignore[misc]

    @contextmanager
    def copy(self, *args: Any, **options: Any) -> Iterator[Any]:
        """Read or write rows by COPY."""
        with self._role_ahead(), super().copy(*args, **options) as copy:  # type: ignore[misc]
            yield copy


class Cursor(_ManyInRole, base.CursorMixin, psycopg.ClientCursor[Any]):
    """Django's cursor, each of whose statements takes the role with it."""

    _is_second = False

    def execute(self, *args: Any, **options: Any) -> Any:
        """Execute one statement, or several without parameters."""
        self._is_second = False
        if self._pgconn.pipeline_status != PipelineStatus.OFF:
            self._change_in_pipeline()
        super().execute(*args, **options)
        if self._is_second:
            self.nextset()
        return self

    def _change_in_pipeline(self) -> None:
        role = role_of(self._conn)
        if not self._is_ahead and not role.holds(self._pgconn.transaction_status):
            first = Cursor(self._conn)
            first._is_ahead = True
            role.ran_as = role.wanted or OWNER
            first.execute(role.statement or GIVE_BACK)

    def _execute_send(self, query: Any, *, force_extended: bool = False, **options: Any) -> None:
        role, status = role_of(self._conn), self._pgconn.transaction_status
        in_pipeline = self._pgconn.pipeline_status != PipelineStatus.OFF
        if self._is_ahead or in_pipeline or force_extended:
            _refuse_other(role, status)
        elif first := role.next_statement(status, query.query):
            self._is_second = True
            self._query = query
            self._pgconn.send_query(first + query.query)
            return
        super()._execute_send(query, force_extended=force_extended, **options)


class ServerSideCursor(
    _InRole, base.CursorMixin, ClientCursorMixin["psycopg.Connection[Any]", Any], psycopg.ServerCursor[Any]
):
    """A cursor in the database, declared in the role."""

    def execute(self, *args: Any, **options: Any) -> Any:
        """Declare the cursor. It lives as long as the transaction."""
        with self._role_ahead():
            return super().execute(*args, **options)


class BindingCursor(_ManyInRole, base.CursorMixin, psycopg.Cursor[Any]):
    """A cursor whose parameters are bound by the server."""

    def execute(self, *args: Any, **options: Any) -> Any:
        """Execute one statement."""
        with self._role_ahead():
            return super().execute(*args, **options)


def _refuse_other(role: SessionRole, status: int) -> None:
    if status != TransactionStatus.INERROR and not role.holds(status):
        raise psycopg.NotSupportedError("This statement would run in a role that is not that of its request.")
