"""Back the database up, or check that a backup can be restored."""

import json
from argparse import ArgumentParser
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection
from django.utils import timezone

from smartagent.backup.archive import Backup, open_backup
from smartagent.backup.check import check_backup
from smartagent.backup.dump import default_file, default_folder, make_backup, make_folder
from smartagent.backup.errors import BackupError
from smartagent.backup.events import BACKUP_MADE, log_backup
from smartagent.backup.programs import server_of
from smartagent.backup.scheduled import run
from smartagent.kernel.command_line import command_line
from smartagent.kernel.formats import clock, counted

WITH_KEYS = (
    "ATTENTION: the file holds the keys of this installation. Who has it can read every secret in it, sign in as "
    "anybody, and forge signed links. Keep it where you would keep the keys themselves."
)
WITHOUT_KEYS = (
    "Keep the keys of this installation in another place ({keys}): without them the secrets of channels, integrations "
    "and data sources in the backup cannot be read. `--with-keys` puts them into the file."
)


class Command(BaseCommand):
    help = "Writes a backup of the database into one file, or checks that one can be restored."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", nargs="?", type=Path, help="a new file, or a folder; default: BACKUP_FOLDER")
        parser.add_argument(
            "--check", type=Path, metavar="FILE", help="restore FILE into a scratch database and verify"
        )
        parser.add_argument("--with-keys", action="store_true", help="put the keys of the installation into the file")
        parser.add_argument(
            "--scheduled", action="store_true", help="as the schedule does: back up, check, delete old ones, log it"
        )
        parser.add_argument("--format", choices=["text", "json"], default="text")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["scheduled"]:
                self._do_as_scheduled(options)
            elif options["check"]:
                if options["file"] or options["with_keys"]:
                    raise BackupError("`--check FILE` takes nothing else.")
                self._check(options["check"], options["format"])
            else:
                self._make(options)
        except BackupError as error:
            raise CommandError(str(error), returncode=2) from error

    def _do_as_scheduled(self, options: dict[str, Any]) -> None:
        if options["file"] or options["check"] or options["with_keys"]:
            raise BackupError("`--scheduled` takes nothing else.")
        if not settings.BACKUP_FOLDER:
            raise BackupError("BACKUP_FOLDER is not set: it says where backups by schedule go.")
        self.stdout.write(run(timezone.now()))

    def _make(self, options: dict[str, Any]) -> None:
        now, chosen = timezone.now(), options["file"]
        folder = default_folder() if chosen is None else chosen
        if chosen is None:
            make_folder(folder)
        file = default_file(folder, now) if chosen is None or folder.is_dir() else folder
        backup = make_backup(server_of(connection), file, now, with_keys=options["with_keys"])
        with suppress(DatabaseError):  # of a database that is not migrated
            rows = counted(sum(backup.manifest.tables.values()), "row")
            result = f"{rows}, {file.stat().st_size:,} bytes{', with the keys' if options['with_keys'] else ''}."
            log_backup(BACKUP_MADE, now, command_line(), file=str(file), result=result)
        self._say(backup, options["format"], f"{file} written.")
        if options["with_keys"]:
            self.stderr.write(self.style.WARNING(WITH_KEYS))
        elif options["format"] == "text":
            self.stdout.write(WITHOUT_KEYS.format(keys="SECRET_KEY, and audit_key and secret_key in VAR_DIR"))
            self.stdout.write(f"`manage.py backup --check {file}` restores it into a scratch database and verifies it.")

    def _check(self, file: Path, how: str) -> None:
        backup = open_backup(file)
        database = str(connection.settings_dict["NAME"])
        problems = check_backup(server_of(connection), database, backup, timezone.now())
        self._say(backup, how, f"{file} can be restored.")
        for problem in problems:
            self.stderr.write(self.style.WARNING(f"The activity log in it is not as it was written: {problem}"))
        if problems:
            raise SystemExit(1)

    def _say(self, backup: Backup, how: str, sentence: str) -> None:
        found = backup.manifest
        if how == "json":
            self.stdout.write(json.dumps({"file": str(backup.file)} | found.as_dict()))
            return
        rows = counted(sum(found.tables.values()), "row")
        self.stdout.write(sentence)
        self.stdout.write(
            f"{rows} in {counted(len(found.tables), 'table')}, {found.bytes:,} bytes, of {clock(found.created_at)}, "
            f"Smart Agent {found.version}, PostgreSQL {found.server_version}."
        )
