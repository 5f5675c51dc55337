"""Revocation of the web roles' rights on Smart Agent's tables.

A database of the old application's kind exposes every table of its schema to browsers, through the roles below, and by
default grants them all rights on new tables. Smart Agent's tables hold password hashes and tokens.
"""

import logging

from django.apps import apps
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from smartagent.adoption import ownership_marks

logger = logging.getLogger("smartagent.adoption.table_grants")

# The apps whose tables another application may have made.
SHARED = ("rules", "notifications", "optimizer")
OF_THE_WEB = ("anon", "authenticated", "service_role")
MIGRATIONS = "django_migrations"
EXPOSED = """
SELECT c.relname, c.relkind = 'S', obj_description(c.oid, 'pg_class'),
       string_agg(DISTINCT quote_ident(role.rolname), ', ')
  FROM pg_class c, aclexplode(c.relacl) granted, pg_roles role
 WHERE c.relnamespace = current_schema()::regnamespace AND role.oid = granted.grantee AND role.rolname = ANY(%s)
   AND pg_has_role(c.relowner, 'USAGE')
   AND (c.relname = ANY(%s) OR c.relispartition AND EXISTS (
        SELECT FROM pg_inherits JOIN pg_class t ON t.oid = inhparent WHERE inhrelid = c.oid AND t.relname = ANY(%s))
        OR c.relkind = 'S' AND EXISTS (
        SELECT FROM pg_depend d JOIN pg_class t ON t.oid = d.refobjid
         WHERE d.objid = c.oid AND d.deptype IN ('a', 'i') AND t.relname = ANY(%s)))
 GROUP BY 1, 2, 3 ORDER BY 1
"""


def exposed(connection: BaseDatabaseWrapper) -> list[tuple[str, bool, str]]:
    """Return Smart Agent's tables and sequences with rights of web roles: name, whether it is a sequence, the roles."""
    shared, all_tables = _tables()
    with connection.cursor() as cursor:
        cursor.execute(EXPOSED, [list(OF_THE_WEB), all_tables, all_tables, all_tables])
        rows = cursor.fetchall()
    return [
        (name, is_sequence, roles)
        for name, is_sequence, comment, roles in rows
        # A table that was there before us is theirs to grant.
        if name not in shared or ownership_marks.entry(comment) == ownership_marks.CREATED
    ]


def close_off(using: str) -> None:
    """Revoke all rights of the web roles on Smart Agent's tables and sequences; enable row-level security."""
    connection = connections[using]
    with connection.cursor() as cursor:
        for name, is_sequence, roles in exposed(connection):
            kind, quoted = ("SEQUENCE" if is_sequence else "TABLE"), connection.ops.quote_name(name)
            cursor.execute(f"REVOKE ALL ON {kind} {quoted} FROM {roles}")
            if not is_sequence:
                cursor.execute(f"ALTER TABLE {quoted} ENABLE ROW LEVEL SECURITY")
            logger.info("%s: taken from %s, who could use it", name, roles)


def _tables() -> tuple[set[str], list[str]]:
    """Return the tables that the old application may have created, and all tables that Smart Agent uses."""
    models = apps.get_models(include_auto_created=True)
    shared = {
        model._meta.db_table for model in models if model._meta.app_label in ("rules", "notifications", "optimizer")
    }
    return shared, [MIGRATIONS, *(model._meta.db_table for model in models)]
