"""Whether a backup can be restored: it is, into a scratch database, which is verified and dropped."""

from datetime import datetime

from smartagent.backup.archive import Backup
from smartagent.backup.programs import Server
from smartagent.backup.restoration import fill, refuse_unfitting, scratch


def check_backup(server: Server, database: str, backup: Backup, now: datetime) -> None:
    """BackupError where the file is damaged, cannot be restored, or does not give what its manifest says."""
    backup.verify()
    refuse_unfitting(server, backup)
    with scratch(server, database, f"check_{now:%Y%m%d_%H%M%S}") as fresh:
        fill(server, fresh, backup)
