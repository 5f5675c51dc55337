"""Backups by a schedule: made, restored into a scratch database for a check, old ones deleted, the result logged.

A backup takes longer than a worker may, so the scheduled task begins a process of its own.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import connection

from smartagent.backup.check import check_backup
from smartagent.backup.dump import default_file, make_backup, make_folder
from smartagent.backup.errors import BackupError
from smartagent.backup.events import BACKUP_FAILED, BACKUP_MADE, log_backup, notify_operators
from smartagent.backup.loading import connected
from smartagent.backup.programs import Server, server_of
from smartagent.backup.rotation import rotate, set_aside
from smartagent.kernel.formats import counted

BACKUP_LOCK = 0x5A9E31  # any number, the same for every process of this database
BUSY = "Another backup is being made."
LOG_PROBLEMS = "The activity log in it is not as it was written: {first} See `manage.py audit verify`."


def begin() -> str:
    """Begin a backup in a process of its own, which logs its result; the scheduled task."""
    if not settings.BACKUP_FOLDER:
        return "BACKUP_FOLDER is not set."
    process = subprocess.Popen(  # noqa: S603 our own command
        [sys.executable, str(settings.BASE_DIR / "manage.py"), "backup", "--scheduled"], cwd=settings.BASE_DIR,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    process.returncode = 0  # it outlives us; without this, Popen warns that it does
    return f"begun by process {process.pid}"


def run(now: datetime) -> str:
    """Make a backup, check it, delete old ones, log it; BackupError after its failure is logged."""
    file = default_file(Path(settings.BACKUP_FOLDER), now)
    server = server_of(connection)
    with _alone(server) as free:
        if not free:
            return BUSY
        try:
            result = _made(server, file, now)
        except BackupError as error:
            log_backup(BACKUP_FAILED, now, None, file=str(file), result=str(error))
            notify_operators(str(error), now)
            raise
        log_backup(BACKUP_MADE, now, None, file=str(file), result=result)
    return result


def _made(server: Server, file: Path, now: datetime) -> str:
    make_folder(file.parent)
    backup = make_backup(server, file, now)
    said = [f"{counted(sum(backup.manifest.tables.values()), 'row')}, {file.stat().st_size:,} bytes."]
    if settings.BACKUP_CHECK:
        try:
            problems = check_backup(server, str(connection.settings_dict["NAME"]), backup, now)
        except BackupError as error:
            raise BackupError(f"{error} The backup is set aside as {set_aside(file)}.") from error
        said.append("Restored into a scratch database, and verified.")
        said += [LOG_PROBLEMS.format(first=problem) for problem in problems[:1]]
    if deleted := rotate(file.parent, settings.BACKUPS_KEEP):
        said.append(f"{counted(len(deleted), 'old backup')} deleted.")
    return " ".join(said)


@contextmanager
def _alone(server: Server) -> Iterator[bool]:
    """By a lock of a session of its own: the default connection goes to the scratch database for a while."""
    with connected(server, str(connection.settings_dict["NAME"])) as session:
        row = session.execute("SELECT pg_try_advisory_lock(%s)", [BACKUP_LOCK]).fetchone()
        try:
            yield bool(row and row[0])
        finally:
            session.execute("SELECT pg_advisory_unlock_all()")  # before its process has ended, somewhat later
