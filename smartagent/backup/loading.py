"""pg_restore: a dump into a database, in one transaction."""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO, Any

import psycopg
from django.db import connection
from psycopg import sql

from smartagent.backup.archive import CHUNK, Backup
from smartagent.backup.errors import BackupError
from smartagent.backup.programs import Server, errors_of, restore_program

OPTIONS = (
    "--single-transaction", "--exit-on-error", "--no-owner", "--no-security-labels", "--no-publications",
    "--no-subscriptions", "--no-tablespaces",
)  # fmt: skip


@contextmanager
def connected(server: Server, database: str) -> Iterator["psycopg.Connection[Any]"]:
    """A connection beside Django's pool, to a database of the server; BackupError."""
    try:
        session = psycopg.connect(**{**server.params, "dbname": database}, autocommit=True)  # type: ignore[arg-type]
    except psycopg.Error as error:
        raise BackupError(f"No connection to the database {database}: {str(error).strip()}.") from error
    with session:
        if server.role:
            session.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(server.role)))
        yield session


@contextmanager
def default_connection_at(database: str) -> Iterator[None]:
    """Let the default connection of this process be one to another database of its server."""
    before = str(connection.settings_dict["NAME"])
    _connect_to(database)
    try:
        yield
    finally:
        _connect_to(before)


def _connect_to(database: str) -> None:
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]
    connection.settings_dict["NAME"] = database


def load(server: Server, database: str, backup: Backup) -> None:
    """Restore the dump into an empty database, all of it or nothing, and let the planner know the tables."""
    program = restore_program(server, backup.manifest.pg_dump)
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(  # noqa: S603 our own arguments
            [program, *OPTIONS, *server.command(database)], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
            stderr=said, env=server.environment(),
        )  # fmt: skip
        try:
            _feed(process, backup)
        except BaseException:
            process.kill()
            raise
        finally:
            code = process.wait()
        if code:
            said.seek(0)
            raise BackupError(f"pg_restore failed: {errors_of(said.read())}. Nothing was restored.")
    with connected(server, database) as session:
        session.execute("ANALYZE")


def _feed(process: "subprocess.Popen[bytes]", backup: Backup) -> None:
    """Write the dump to the program; one that ends before has said why."""
    target: IO[bytes] | None = process.stdin
    assert target is not None  # noqa: S101 asked for by PIPE
    with backup.dump() as source:
        while chunk := source.read(CHUNK):
            try:
                target.write(chunk)
            except BrokenPipeError:
                break
    with suppress(BrokenPipeError):
        target.close()
