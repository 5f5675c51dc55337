"""Checks of the database server, and of this account's permissions in it."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone

from smartagent.adoption.preview.obstacles import SESSION, Obstacle
from smartagent.adoption.table_grants import exposed
from smartagent.doctor.findings import FIX, Finding, error, warning
from smartagent.doctor.schema_findings import about
from smartagent.kernel.replica import is_configured, replica_state

OLDEST = 14
CLOCKS_DIFFER = timedelta(seconds=30)

SERVER_FACTS_SQL = """
SELECT current_setting('server_version_num')::int / 10000, current_setting('server_version'),
       current_setting('server_encoding'), pg_is_in_recovery(),
       current_setting('default_transaction_read_only') = 'on', current_setting('session_replication_role'),
       current_schema(), coalesce(has_schema_privilege(current_schema(), 'CREATE'), false), current_user,
       clock_timestamp()"""


def check_server(connection: BaseDatabaseWrapper) -> Iterator[Finding]:
    """The server must be recent enough, UTF-8, writable, run triggers, and agree with the clock of this machine."""
    [row] = _rows(connection, SERVER_FACTS_SQL)
    version, shown, encoding, standby, read_only, role, schema, may_create, user, now = row
    where = "database"
    if version < OLDEST:
        yield error(where, f"PostgreSQL is version {shown}.", f"Upgrade it to {OLDEST} or newer.")
    if encoding != "UTF8":
        yield error(where, f"The encoding of the database is {encoding}: some texts cannot be stored.",
                    "Dump the database and restore it into one created with ENCODING 'UTF8'.")  # fmt: skip
    if standby or read_only:
        yield error(where, "The database is read-only.", _writable(standby))
    if role != "origin":
        yield error(where, f"session_replication_role is {role}: triggers do not run.",
                    f"ALTER ROLE {user} RESET session_replication_role, or RESET it for the database.")  # fmt: skip
    if schema is None:
        yield error(where, "No schema of the search_path exists.", f"ALTER ROLE {user} SET search_path = public")
    elif not may_create:
        yield warning(where, f"The account {user} may not create tables in the schema {schema}.",
                      f"GRANT CREATE ON SCHEMA {schema} TO {user}, or migrate with another account.")  # fmt: skip
    apart = abs(timezone.now() - now)
    if apart > CLOCKS_DIFFER:
        yield warning(
            where, f"The clocks of the database and this machine are {about(apart)} apart.", "Synchronise both by NTP."
        )


def _writable(standby: bool) -> str:
    return "Name the primary server in DATABASE_URL." if standby else "Remove default_transaction_read_only."


def check_obstacles(obstacles: Iterable[Obstacle], *, migrating: bool) -> Iterator[Finding]:
    """Nothing may prevent reading and writing, nor pending migrations where `migrating`."""
    for each in obstacles:
        if each.subject != "database" and (migrating or not each.migrating):
            yield error(each.subject, each.problem, each.fix)


def check_pool(obstacles: Iterable[Obstacle]) -> Iterator[Finding]:
    """No transaction pooler may sit in between; `check_server` checks the rest."""
    for each in obstacles:
        if each.fix == SESSION:
            yield error(each.subject, each.problem, each.fix)


def check_replica() -> Iterator[Finding]:
    """Pages are read from the replica, where one is named."""
    if not is_configured() or (state := replica_state()).usable:
        return
    yield warning("replica", f"Everything is read from the primary database. {state.problem}",
                  "Check DATABASE_REPLICA_URL, the replica and its connection to the primary.")  # fmt: skip


def check_exposure(connection: BaseDatabaseWrapper) -> Iterator[Finding]:
    """Tables of Smart Agent must not be open to the database roles of web clients."""
    for name, _, roles in exposed(connection):
        yield error(name, f"Web roles ({roles}) have access.", FIX, repairable=True)


def _rows(connection: BaseDatabaseWrapper, query: str, params: list[Any] | None = None) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, params)
        return list(cursor.fetchall())
