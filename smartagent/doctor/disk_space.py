"""Free space on the disks that this process can see."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.db.backends.base.base import BaseDatabaseWrapper

from smartagent.doctor.findings import Finding, error, warning

MEGABYTE = 1024 * 1024
LITTLE, TOO_LITTLE = 1024 * MEGABYTE, 128 * MEGABYTE

# The folder counts only where the server is on this machine.
FOLDER = """
SELECT CASE WHEN inet_server_addr() IS NULL OR inet_server_addr() <<= '127.0.0.0/8' OR inet_server_addr() = '::1'
            THEN (SELECT setting FROM pg_settings WHERE name = 'data_directory') END"""


def check_room(connection: BaseDatabaseWrapper) -> Iterator[Finding]:
    """Free space for the database and for VAR_DIR."""
    seen: set[int] = set()
    for subject, folder in (("disk of the database", _folder(connection)), ("disk of VAR_DIR", _there(settings.VAR))):
        room = _room(folder)
        if folder is None or room is None or folder.stat().st_dev in seen:
            continue
        seen.add(folder.stat().st_dev)
        if room < LITTLE:
            say = error if room < TOO_LITTLE else warning
            yield say(
                subject, f"{room // MEGABYTE:,} MB are free at {folder}.", "Free disk space, or use a larger disk."
            )


def _folder(connection: BaseDatabaseWrapper) -> Path | None:
    """The data directory of the database; None where it is on another machine or not readable."""
    with connection.cursor() as cursor:
        cursor.execute(FOLDER)
        found = cursor.fetchone()[0]
    return Path(found) if found else None


def _there(folder: Path) -> Path:
    """The folder, or its nearest existing parent."""
    return next((each for each in (folder, *folder.absolute().parents) if each.is_dir()), folder)


def _room(folder: Path | None) -> int | None:
    """The free bytes; None where the folder cannot be read."""
    try:
        return shutil.disk_usage(folder).free if folder else None
    except OSError:
        return None
