"""A backup is made: pg_dump and the counts of the manifest see the same snapshot, while others go on writing."""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import psycopg
from django.conf import settings

from smartagent.backup import archive, keys
from smartagent.backup.errors import BackupError, explained
from smartagent.backup.manifest import ROLES, Contents, Manifest, contents_of
from smartagent.backup.programs import Server, dump_program, errors_of, major_of

LOCK_WAIT = "60s"  # for a table that another transaction is changing
SNAPSHOT = "SELECT pg_export_snapshot(), current_setting('server_version'), current_database()"
BEGIN = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"


def default_file(folder: Path, now: datetime) -> Path:
    """A name by the time."""
    return folder / f"smartagent-{now:%Y%m%d-%H%M%S}.zip"


def default_folder() -> Path:
    """Where backups go that name no file."""
    return Path(settings.BACKUP_FOLDER) if settings.BACKUP_FOLDER else Path(settings.VAR) / "backups"


def make_folder(folder: Path) -> None:
    """Make the folder for its owner alone."""
    with explained(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def make_backup(server: Server, file: Path, now: datetime, *, with_keys: bool = False) -> archive.Backup:
    """Write a backup of the server's database to `file`; BackupError."""
    program = dump_program(server)
    with archive.new_file(file) as opened, _snapshot(server) as (session, snapshot, version, database):
        with _dumped(server, program, snapshot, database) as stream:
            measured = archive.add_dump(opened, stream)
        held: Contents = contents_of(session)
        manifest = Manifest(
            version=str(settings.SPECTACULAR_SETTINGS["VERSION"]), created_at=now, database=database,
            server_major=server.major, server_version=version, pg_dump=major_of(program),
            migrations=held.migrations, tables=held.tables,
            roles=tuple(name for (name,) in session.execute(ROLES).fetchall()),
            key=keys.fingerprint(settings.SECRET_KEY), with_keys=with_keys,
            sha256=measured.sha256, bytes=measured.size,
        )  # fmt: skip
        archive.add_json(opened, archive.MANIFEST, manifest.as_dict())
        if with_keys:
            archive.add_json(opened, archive.KEYS, keys.key_material())
    return archive.Backup(file, manifest)


@contextmanager
def _snapshot(server: Server) -> Iterator[tuple["psycopg.Connection[Any]", str, str, str]]:
    try:
        with psycopg.connect(**server.params, autocommit=True) as session:  # type: ignore[arg-type]
            if server.role:
                session.execute(psycopg.sql.SQL("SET ROLE {}").format(psycopg.sql.Identifier(server.role)))
            session.execute(BEGIN)
            row = session.execute(SNAPSHOT).fetchone() or ("", "", "")
            yield session, row[0], row[1], row[2]
    except psycopg.Error as error:
        raise BackupError(f"The database could not be read: {str(error).strip()}.") from error


@contextmanager
def _dumped(server: Server, program: Path, snapshot: str, database: str) -> Iterator[IO[bytes]]:
    """What pg_dump writes; BackupError where it fails, at its end."""
    command = [
        str(program), "--format=custom", f"--snapshot={snapshot}", f"--lock-wait-timeout={LOCK_WAIT}",
        "--no-publications", "--no-subscriptions", *server.command(database),
    ]  # fmt: skip
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(  # noqa: S603 our own arguments
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said, env=server.environment()
        )
        assert process.stdout is not None  # noqa: S101 asked for above
        try:
            with process.stdout as stream:
                yield stream
        except BaseException:
            process.kill()
            raise
        finally:
            code = process.wait()
        if code:
            said.seek(0)
            raise BackupError(f"pg_dump failed: {errors_of(said.read())}.")
