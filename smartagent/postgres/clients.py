"""Roles of a database that also serves the web: whoever may create tables there may have granted them each new one."""

from django.db.backends.utils import CursorWrapper

# Those of the old application's interface, and the account that it connects as to take one of them.
CLIENTS = ("anon", "authenticated", "service_role", "authenticator")


def clients_here(cursor: CursorWrapper) -> list[str]:
    """Return those of the roles that this server has, quoted."""
    cursor.execute("SELECT quote_ident(rolname) FROM pg_roles WHERE rolname = ANY(%s)", [list(CLIENTS)])
    return [name for (name,) in cursor.fetchall()]


def revoke_from_clients(cursor: CursorWrapper, table: str) -> None:
    """Take a new table from the roles to which the database grants whatever is new."""
    if roles := clients_here(cursor):
        cursor.execute(f"REVOKE ALL ON TABLE {cursor.db.ops.quote_name(table)} FROM {', '.join(roles)}")
