"""Personal data of one person: export all of it, or erase it."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from smartagent.kernel.command_line import command_line
from smartagent.kernel.formats import counted
from smartagent.kernel.reads import Reads, collecting
from smartagent.models import User
from smartagent.privacy.erasure import CannotErase, erase_person
from smartagent.privacy.export import export_person
from smartagent.read_log.windows import log_command

EXIT_INVALID_INPUT = 2


class Command(BaseCommand):
    help = "Exports everything about a person as JSON, or erases their personal data."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="export|erase")
        export = actions.add_parser("export", help="print everything about the person as JSON, without secrets")
        export.add_argument("email", help="the e-mail address of the person")
        erase = actions.add_parser("erase", help="erase the person; this cannot be undone")
        erase.add_argument("email", help="the e-mail address of the person")
        erase.add_argument("--yes", action="store_true", help="do not ask")

    def handle(self, *args: Any, **options: Any) -> None:
        person = User.objects.with_email(options["email"]).first()
        if person is None:
            raise CommandError(f"Nobody has the address {options['email']}.", returncode=EXIT_INVALID_INPUT)
        if options["action"] == "export":
            self._export(person)
            return
        self._erase(person, options["yes"])

    def _export(self, person: User) -> None:
        reads = Reads()
        with collecting(reads):
            for part in export_person(person, timezone.now()):
                self.stdout.write(part, ending="")
        if settings.LOG_READS:
            log_command(command_line(), "manage.py person export", reads)

    def _erase(self, person: User, is_sure: bool) -> None:
        if not is_sure and input(f"Erase {person.email}? This cannot be undone. Type yes: ").strip() != "yes":
            raise CommandError("Nothing was erased.")
        try:
            done = erase_person(person, command_line(), timezone.now())
        except CannotErase as reason:
            raise CommandError(str(reason)) from None
        rows, entries = counted(done.rows, "row"), counted(done.entries, "entry", "entries")
        self.stdout.write(f"Erased: {rows} deleted, {entries} of the activity log no longer name the person.")
