"""Whether a backup can be restored: it is, into a scratch database, which is verified and dropped.

There the chain of the activity log is verified, too: what was changed in the log before the backup is in it as well.
"""

from datetime import datetime

from rules.audit.verification import Verifier
from smartagent.backup.archive import Backup
from smartagent.backup.loading import default_connection_at
from smartagent.backup.manifest import pending_migrations
from smartagent.backup.programs import Server
from smartagent.backup.restoration import fill, refuse_unfitting, scratch


def check_backup(server: Server, database: str, backup: Backup, now: datetime) -> list[str]:
    """BackupError where the file is damaged, cannot be restored, or does not give what its manifest says. Return the
    problems of the activity log in it, in sentences."""
    backup.verify()
    refuse_unfitting(server, backup)
    with scratch(server, database, f"check_{now:%Y%m%d_%H%M%S}") as fresh:
        fill(server, fresh, backup)
        return [] if pending_migrations(backup.manifest) else _problems_of_log(fresh)


def _problems_of_log(database: str) -> list[str]:
    with default_connection_at(database):
        found = Verifier().run()
    return [] if found.ok else [each.problem for each in found.findings]
