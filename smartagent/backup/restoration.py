"""A backup is restored: all of it or nothing.

Into an empty database in one transaction. A database that holds something is only replaced where that is asked for: the
backup is restored beside it and verified, and then both change their names in one transaction; the former stays.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any

import psycopg
from psycopg import sql

from smartagent.adoption.sync.row_security import MAKE_ROLE
from smartagent.backup.archive import Backup
from smartagent.backup.errors import BackupError
from smartagent.backup.loading import connected, load
from smartagent.backup.manifest import contents_of, named, unknown_migrations
from smartagent.backup.programs import Server
from smartagent.kernel.formats import counted
from smartagent.kernel.member_role import MEMBER_ROLE

MAX_NAME = 63  # bytes of a name in PostgreSQL
MAX_DIFFERENCES = 5
LEAVING = 3.0  # seconds that connections which were just closed may need to end
MAINTENANCE = ("postgres", "template1")
OBJECTS = """
SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_%%'
   AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')"""
OTHERS = """
SELECT count(*), string_agg(DISTINCT coalesce(nullif(application_name, ''), 'without a name'), ', ')
  FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid() AND backend_type = 'client backend'"""
CREATE = sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING {} LC_COLLATE {} LC_CTYPE {}")
HOW = """
SELECT pg_encoding_to_char(encoding), datcollate, datctype FROM pg_database WHERE datname = %s"""


def refuse_unfitting(server: Server, backup: Backup) -> None:
    """BackupError where the backup is of a newer version, of this software or of the server, or needs other roles."""
    manifest = backup.manifest
    if unknown := unknown_migrations(manifest):
        raise BackupError(
            f"The backup was made by a newer Smart Agent ({manifest.version}), with {named(unknown)}: update this one."
        )
    if manifest.server_major > server.major:
        raise BackupError(
            f"The backup was made of PostgreSQL {manifest.server_version}; this server is {server.major}: "
            "restore it into the same version or a newer one."
        )
    with _maintenance(server) as session:
        if MEMBER_ROLE in manifest.roles:
            session.execute(MAKE_ROLE)
        there = {name for (name,) in session.execute("SELECT rolname FROM pg_roles").fetchall()}
    if lacking := sorted(set(manifest.roles) - there):
        statements = "; ".join(f'CREATE ROLE "{name}" NOLOGIN' for name in lacking)
        raise BackupError(f"This server lacks roles that have rights in the backup. Create them first: {statements}.")


def is_empty(server: Server, database: str) -> bool:
    """Whether the database holds no table, view, sequence or index of anybody."""
    with connected(server, database) as session:
        row = session.execute(OBJECTS).fetchone()
        return bool(row and not row[0])


def refuse_others(server: Server, database: str) -> None:
    """BackupError where others are connected: what they would write until the end would be lost."""
    until = time.monotonic() + LEAVING
    with _maintenance(server) as session:
        while True:
            count, who = session.execute(OTHERS, [database]).fetchone() or (0, "")
            if not count or time.monotonic() > until:
                break
            time.sleep(0.1)
    if count:
        raise BackupError(
            f"{counted(count, 'other connection')} to the database ({who}): stop Smart Agent, and whatever else uses "
            "it, then restore again."
        )


def fill(server: Server, database: str, backup: Backup) -> None:
    """Restore into an empty database, and verify."""
    load(server, database, backup)
    refuse_differences(server, database, backup)


def replace(server: Server, database: str, backup: Backup, now: datetime) -> str:
    """Put the backup in the place of the database; return the name that the former one has now."""
    refuse_others(server, database)
    former = _name(database, f"before_{now:%Y%m%d_%H%M%S}")
    with scratch(server, database, f"restore_{now:%Y%m%d_%H%M%S}") as fresh:
        fill(server, fresh, backup)
        rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
        try:
            with _maintenance(server) as session, session.transaction():
                session.execute(rename.format(sql.Identifier(database), sql.Identifier(former)))
                session.execute(rename.format(sql.Identifier(fresh), sql.Identifier(database)))
        except psycopg.Error as error:
            raise BackupError(
                f"The databases could not be exchanged: {_in_words(error)}. Nothing was changed."
            ) from error
    return former


def refuse_differences(server: Server, database: str, backup: Backup) -> None:
    """BackupError where the restored database is not what the manifest says."""
    with connected(server, database) as session:
        differences = backup.manifest.differences(contents_of(session))
    if differences:
        raise BackupError(f"The restored database is not what was backed up: {_some(differences)}.")


@contextmanager
def scratch(server: Server, like: str, purpose: str) -> Iterator[str]:
    """An empty database on the server, dropped afterwards unless it has another name by then."""
    name = _name(like, purpose)
    try:
        with _maintenance(server) as session:
            encoding, collate, ctype = session.execute(HOW, [like]).fetchone() or ("UTF8", "C", "C")
            words = (sql.Identifier(name), sql.Literal(encoding), sql.Literal(collate), sql.Literal(ctype))
            session.execute(CREATE.format(*words))
    except psycopg.Error as error:
        raise BackupError(
            f"A scratch database could not be made: {_in_words(error)}. The account needs the right CREATEDB."
        ) from error
    try:
        yield name
    finally:
        with suppress(psycopg.Error, BackupError), _maintenance(server) as session:
            session.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def _maintenance(server: Server) -> Iterator["psycopg.Connection[Any]"]:
    """A connection to the server beside the database, so that it can be renamed."""
    failure: Exception | None = None
    for name in MAINTENANCE:
        try:
            opened = connected(server, name)
            session = opened.__enter__()
        except BackupError as error:
            failure = error
            continue
        try:
            yield session
        finally:
            opened.__exit__(None, None, None)
        return
    raise BackupError(f"The account may not connect to the database postgres of the server: {failure}")


def _name(database: str, suffix: str) -> str:
    kept = database.encode()[: MAX_NAME - len(suffix) - 1].decode(errors="ignore")
    return f"{kept}_{suffix}"


def _some(differences: Sequence[str]) -> str:
    more = len(differences) - MAX_DIFFERENCES
    return "; ".join(differences[:MAX_DIFFERENCES]) + (f"; and {more} more" if more > 0 else "")


def _in_words(error: psycopg.Error) -> str:
    return " ".join(str(error).split()).rstrip(".")
