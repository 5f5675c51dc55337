"""Restore a backup."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.utils import timezone

from smartagent.backup import keys
from smartagent.backup.archive import Backup, open_backup
from smartagent.backup.errors import BackupError, explained
from smartagent.backup.events import BACKUP_RESTORED, log_backup
from smartagent.backup.manifest import pending_migrations
from smartagent.backup.programs import Server, server_of
from smartagent.backup.restoration import fill, is_empty, refuse_unfitting, replace
from smartagent.kernel.command_line import command_line
from smartagent.kernel.formats import clock, counted

OTHER_KEYS = (
    "ATTENTION: the backup was made with another SECRET_KEY than this installation has. Secrets of channels, "
    "integrations and data sources cannot be read, and everybody has to sign in again. Set SECRET_KEY to the former "
    "key, or SECRET_KEY_FALLBACKS to it; `restore --with-keys` takes it from a backup that was made `--with-keys`."
)


class Command(BaseCommand):
    help = "Restores a backup: all of it, or nothing."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--replace", action="store_true", help="also where the database holds something; it is kept by another name"
        )
        parser.add_argument("--with-keys", action="store_true", help="also restore the keys of the installation")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self._restore(open_backup(options["file"]), options)
        except BackupError as error:
            raise CommandError(str(error), returncode=2) from error

    def _restore(self, backup: Backup, options: dict[str, Any]) -> None:
        backup.verify()
        material = backup.keys() if options["with_keys"] else None
        server, database = server_of(connection), str(connection.settings_dict["NAME"])
        connection.close()
        connection.close_pool()  # type: ignore[attr-defined]
        refuse_unfitting(server, backup)
        self._put_back(server, database, backup, replacing=options["replace"])
        if material is not None:
            with explained(options["file"]):
                for sentence in keys.put_back(material):
                    self.stdout.write(sentence)
        if not pending_migrations(backup.manifest):
            result = f"It is of {clock(backup.manifest.created_at)}."
            log_backup(BACKUP_RESTORED, timezone.now(), command_line(), file=str(backup.file), result=result)
        self._say_what_next(backup, material)

    def _put_back(self, server: Server, database: str, backup: Backup, *, replacing: bool) -> None:
        found = backup.manifest
        what = f"{counted(sum(found.tables.values()), 'row')} of {clock(found.created_at)}"
        if is_empty(server, database):
            fill(server, database, backup)
            self.stdout.write(f"{what} restored into the database {database}, and verified.")
        elif not replacing:
            raise BackupError(
                f"The database {database} is not empty. `--replace` puts the backup in its place, and keeps it by "
                "another name."
            )
        else:
            former = replace(server, database, backup, timezone.now())
            self.stdout.write(f"{what} restored in place of the database {database}, and verified.")
            self.stdout.write(f"The former database is kept as {former}. Once you do not need it any more: ")
            self.stdout.write(f"  echo 'DROP DATABASE \"{former}\"' | python manage.py dbshell")

    def _say_what_next(self, backup: Backup, material: dict[str, Any] | None) -> None:
        if backup.manifest.key not in keys.fingerprints_here():
            same = material and keys.fingerprint(str(material.get("SECRET_KEY", ""))) == backup.manifest.key
            self.stderr.write(self.style.WARNING(
                "Its SECRET_KEY is in VAR_DIR now; where the environment or .env sets SECRET_KEY, remove it there, or "
                "set the one of the backup." if same else OTHER_KEYS
            ))  # fmt: skip
        if pending := pending_migrations(backup.manifest):
            self.stdout.write(f"The backup lacks {counted(len(pending), 'migration')}: run `manage.py migrate`.")
        self.stdout.write("Next: `manage.py doctor`, then start `manage.py up`.")
