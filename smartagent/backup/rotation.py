"""Old backups are deleted: the newest whole ones are kept, and one that failed its check, to be looked at."""

import time
from contextlib import suppress
from pathlib import Path

from smartagent.backup.archive import Backup, open_backup
from smartagent.backup.errors import BackupError, explained

PATTERN, FAILED, PARTIAL = "smartagent-*.zip", ".failed", ".smartagent-*.partial"
PARTIAL_TTL = 2 * 24 * 3600.0  # seconds: whoever wrote it has been killed


def backups_in(folder: Path) -> list[Backup]:
    """The whole backups in the folder, the newest first; other files are left alone."""
    found = []
    for file in folder.glob(PATTERN):
        with suppress(BackupError):
            found.append(open_backup(file))
    return sorted(found, key=lambda each: each.manifest.created_at, reverse=True)


def rotate(folder: Path, keep: int) -> list[Path]:
    """Delete the backups beyond the newest `keep`; return their files. With 0 all are kept."""
    with explained(folder):
        old = [each.file for each in backups_in(folder)[keep:]] if keep > 0 else []
        failed = sorted(folder.glob(PATTERN + FAILED))[:-1]
        killed = [each for each in folder.glob(PARTIAL) if each.stat().st_mtime < time.time() - PARTIAL_TTL]
        for file in (*old, *failed, *killed):
            file.unlink(missing_ok=True)
    return old


def set_aside(file: Path) -> Path:
    """Rename a backup that cannot be restored, so that it counts no more as one."""
    aside = file.with_name(file.name + FAILED)
    with explained(file):
        file.rename(aside)
    return aside
