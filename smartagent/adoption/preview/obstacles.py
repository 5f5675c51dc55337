"""Obstacles to a takeover of a database, or to work in it, found before anything is changed.

1. `catalog` reads PostgreSQL's catalog, and no row of a table; 2. obstacles are derived from that, without a database;
3. `adopt --check` lists them, `migrate` refuses to start, `doctor` reports an error.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.apps import apps
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.recorder import MigrationRecorder

from smartagent.adoption.preview.catalog import ORDINARY_TABLE, Server, TableSight, see_server, see_tables
from smartagent.adoption.table_grants import SHARED
from smartagent.postgres.hidden_rows import find_hidden, model_tables
from smartagent.postgres.pooler import is_shared_between_transactions

# Tables of the old application that we need for something: what we must be allowed to do with them.
ACCOUNTS, PROFILES = "auth.users", "profiles"
THEIRS = {
    ACCOUNTS: ("SELECT", "INSERT", "UPDATE", "DELETE", "TRIGGER"),
    PROFILES: ("SELECT", "UPDATE", "DELETE", "TRIGGER"),
    "fusion_score_history": ("SELECT", "TRIGGER"),
    "integrations_master": ("SELECT",),
}
WORKING = ("SELECT", "INSERT", "UPDATE", "DELETE")
RELATION_KINDS = {
    "v": "VIEW",
    "m": "MATERIALIZED VIEW",
    "f": "FOREIGN TABLE",
    "S": "SEQUENCE",
    "c": "TYPE",
    "i": "INDEX",
}
SHARED_SESSIONS = "A pool in transaction mode is in between: locks and settings of a session do not hold."
SESSION = (
    "Name the server itself in DATABASE_DIRECT_URL, beside the pool in DATABASE_URL; or set pool_mode = session for it."
)


@dataclass(frozen=True, kw_only=True)
class Obstacle:
    """An obstacle, and the statement or action that removes it.

    `migrating`: it matters to migrations only. `blinding`: reads would be wrong or incomplete.
    """

    subject: str
    problem: str
    fix: str
    migrating: bool = False
    blinding: bool = False

    def __str__(self) -> str:
        return f"{self.subject}: {self.problem} {self.fix}"


def find_obstacles(connection: BaseDatabaseWrapper) -> list[Obstacle]:
    """Return the obstacles of server, account and tables; reads no rows, changes nothing."""
    wanted = dict.fromkeys(model_tables(), WORKING) | THEIRS
    tables = see_tables(connection, list(wanted))
    if not any(each.name == ACCOUNTS for each in tables):
        tables = [each for each in tables if each.name not in THEIRS]
    found = [*of_server(see_server(connection)), *of_hidden(connection, [each.oid for each in tables])]
    if is_shared_between_transactions(connection):
        found.append(Obstacle(subject="database", problem=SHARED_SESSIONS, fix=SESSION))
    for table in tables:
        found += of_table(table, wanted[table.name], is_theirs=table.name in THEIRS)
    if not any(each.blinding for each in found):
        found += of_strangers(connection, tables)
    return found


def of_strangers(connection: BaseDatabaseWrapper, tables: Iterable[TableSight]) -> Iterator[Obstacle]:
    """Obstacles of tables that no migration created, under names that only Smart Agent's tables may have."""
    applied = {app for app, _ in MigrationRecorder(connection).applied_migrations()}
    models = apps.get_models(include_auto_created=True)
    own = {model._meta.db_table for model in models if model._meta.app_label not in {*SHARED, *applied}}
    for table in tables:
        if table.name in own and table.kind == ORDINARY_TABLE:
            problem = "exists, but was not created by a migration."
            fix = f"ALTER TABLE {table.shown} RENAME TO {table.other_name}"
            yield Obstacle(subject=table.shown, problem=problem, fix=fix, migrating=True)


def of_server(server: Server) -> Iterator[Obstacle]:
    """Obstacles of the server, which concern every table."""
    where, account = "database", server.account
    if server.standby or server.read_only:
        fix = (
            "Name the primary server in DATABASE_URL."
            if server.standby
            else f"ALTER ROLE {account} RESET default_transaction_read_only, or RESET it for the database."
        )
        yield Obstacle(subject=where, problem="The database is read-only.", fix=fix)
    if server.replication_role != "origin":
        problem = f"session_replication_role is {server.replication_role}: triggers do not run."
        fix = f"ALTER ROLE {account} RESET session_replication_role, or RESET it for the database."
        yield Obstacle(subject=where, problem=problem, fix=fix)
    if server.schema is None:
        problem, fix = "No schema of the search_path exists.", f"ALTER ROLE {account} SET search_path = public"
        yield Obstacle(subject=where, problem=problem, fix=fix)
    elif not server.may_create:
        problem = f"The account {account} may not create tables and functions in the schema {server.schema}."
        fix = f"GRANT CREATE ON SCHEMA {server.schema} TO {account}"
        yield Obstacle(subject=where, problem=problem, fix=fix, migrating=True)


def of_hidden(connection: BaseDatabaseWrapper, oids: list[int]) -> Iterator[Obstacle]:
    """Obstacles of tables with rows that row-level security hides from this account."""
    for table in find_hidden(connection, oids=oids):
        yield Obstacle(subject=table.shown, problem=table.problem, fix=table.fix, blinding=True)


def of_table(table: TableSight, rights: Iterable[str], *, is_theirs: bool) -> Iterator[Obstacle]:
    """Obstacles of one table; a table that `is_theirs` is only read, so rights suffice."""
    name, account = table.shown, table.account
    if table.kind in RELATION_KINDS:
        if not is_theirs:
            fix = f"ALTER {RELATION_KINDS[table.kind]} {name} RENAME TO {table.other_name}"
            problem = "A view or another object has the name of a required table."
            yield Obstacle(subject=name, problem=problem, fix=fix, migrating=True)
        return
    if not table.may_use_schema:
        fix = f"GRANT USAGE ON SCHEMA {table.schema} TO {account}"
        problem = f"The account {account} may not use the schema {table.schema}."
        yield Obstacle(subject=name, problem=problem, fix=fix, blinding=True)
    if lacking := [right for right in rights if right in table.lacking]:
        verbs = ", ".join(lacking)
        problem, fix = f"The account {account} has no right to {verbs}.", f"GRANT {verbs} ON {name} TO {account}"
        blinding = "SELECT" in lacking
        yield Obstacle(subject=name, problem=problem, fix=fix, blinding=blinding)
    if not is_theirs:
        yield from of_own_table(table)


def of_own_table(table: TableSight) -> Iterator[Obstacle]:
    """Obstacles of a table to be completed: it must be an ordinary table, which this account may alter."""
    name, account = table.shown, table.account
    if not table.owned:
        problem = f"It belongs to {table.owner}, and the account {account} may not change it."
        fix = f"ALTER TABLE {name} OWNER TO {account}"
        if not table.owner_is_superuser:
            fix = f"GRANT {table.owner} TO {account}, or {fix}"
        yield Obstacle(subject=name, problem=problem, fix=fix, migrating=True)
    if table.kind != ORDINARY_TABLE and not table.created:
        problem = "It is partitioned: the unique keys and the indexes that we need cannot be built on it."
        fix = (
            f"Put a plain table in its place: CREATE TABLE {table.other_name} (LIKE {name} INCLUDING ALL), copy the "
            "rows, and exchange the names."
        )
        yield Obstacle(subject=name, problem=problem, fix=fix, migrating=True)
    if table.key_type not in (None, "uuid"):
        problem = f"Its column id is {table.key_type}; we need uuid."
        fix = f"ALTER TABLE {name} RENAME TO {table.other_name}, and we create a table of our own."
        yield Obstacle(subject=name, problem=problem, fix=fix, migrating=True)
    for column in table.computed:
        problem = f"Its column {column} is computed by the database, so nobody can write it."
        yield Obstacle(subject=name, problem=problem, fix=table.release(column))
