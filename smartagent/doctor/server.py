"""The database server, and what this account may do in it."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone

from smartagent.doctor.findings import FIX, Finding, error, warning
from smartagent.doctor.wording import about
from smartagent.exposure import exposed

OLDEST = 14
CLOCKS_DIFFER = timedelta(seconds=30)

SERVER = """
SELECT current_setting('server_version_num')::int / 10000, current_setting('server_version'),
       current_setting('server_encoding'), pg_is_in_recovery(),
       current_setting('default_transaction_read_only') = 'on', current_setting('session_replication_role'),
       current_schema(), coalesce(has_schema_privilege(current_schema(), 'CREATE'), false), current_user,
       clock_timestamp()"""

# Per table of ours: whether policies hide rows from us, and what we may not do.
RIGHTS = """
SELECT c.oid::regclass::text, quote_ident(r.rolname), row_security_active(c.oid), pg_has_role(c.relowner, 'USAGE'),
       ARRAY(SELECT verb FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS verb
              WHERE NOT has_table_privilege(c.oid, verb))
  FROM unnest(%s::oid[]) AS known (oid) JOIN pg_class c USING (oid), pg_roles r
 WHERE r.rolname = current_user ORDER BY 1"""


def check_server(connection: BaseDatabaseWrapper) -> Iterator[Finding]:
    """The server is new enough, writable, and counts as we do."""
    [row] = _rows(connection, SERVER)
    version, shown, encoding, standby, read_only, role, schema, may_create, user, now = row
    where = "database"
    if version < OLDEST:
        yield error(where, f"PostgreSQL is version {shown}.", f"Upgrade it to {OLDEST} or newer.")
    if encoding != "UTF8":
        yield error(where, f"The encoding of the database is {encoding}: not every text can be kept.",
                    "Dump it, and restore it into a database that is made with ENCODING 'UTF8'.")  # fmt: skip
    if standby or read_only:
        yield error(where, "The database can only be read.", _writable(standby))
    if role != "origin":
        yield error(where, f"session_replication_role is {role}: triggers do not run.",
                    f"ALTER ROLE {user} RESET session_replication_role, or RESET it for the database.")  # fmt: skip
    if schema is None:
        yield error(where, "No schema of the search_path is there.", f"ALTER ROLE {user} SET search_path = public")
    elif not may_create:
        yield warning(where, f"The account {user} may not create tables in the schema {schema}.",
                      f"GRANT CREATE ON SCHEMA {schema} TO {user}, or migrate with another account.")  # fmt: skip
    apart = abs(timezone.now() - now)
    if apart > CLOCKS_DIFFER:
        yield warning(where, f"Its clock and ours are {about(apart)} apart.", "Set both by NTP.")


def _writable(standby: bool) -> str:
    return "Name the primary server in DATABASE_URL." if standby else "Take default_transaction_read_only away."


def check_rights(connection: BaseDatabaseWrapper, oids: Iterable[int]) -> Iterator[Finding]:
    """No policy hides rows from us, and we may read and write every table."""
    for table, user, hidden, owned, forbidden in _rows(connection, RIGHTS, [list(oids)]):
        if forbidden:
            verbs = ", ".join(forbidden)
            yield error(table, f"The account {user} has no right to {verbs}.", f"GRANT {verbs} ON {table} TO {user}")
        if hidden:
            remedy = f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY" if owned else f"ALTER ROLE {user} BYPASSRLS"
            yield error(table, f"Row-level security hides rows from the account {user}.", remedy)


def check_exposure(connection: BaseDatabaseWrapper) -> Iterator[Finding]:
    """Our own tables are not open to the roles that a database gives to browsers."""
    for name, _, roles in exposed(connection):
        yield error(name, f"The roles of the web ({roles}) may use it.", FIX, repairable=True)


def _rows(connection: BaseDatabaseWrapper, query: str, params: list[Any] | None = None) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, params)
        return list(cursor.fetchall())
