"""Write a file for a report of an error."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from smartagent.support_bundle.bundle import write_bundle


class Command(BaseCommand):
    help = "Writes a zip for a report of an error: doctor, versions, settings, last runs, failures, plans; no secrets."
    requires_system_checks = []  # it must run where nothing else does

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", nargs="?", help="default: smartagent-support-TIME.zip in this folder")
        parser.add_argument("--log", metavar="FILE", help="a log of Smart Agent, of which the last 5 MB are added")

    def handle(self, *args: Any, **options: Any) -> None:
        path = Path(options["file"] or f"smartagent-support-{timezone.now():%Y%m%d-%H%M%S}.zip")
        try:
            names = write_bundle(path, Path(options["log"]) if options["log"] else None)
        except FileExistsError:
            raise CommandError(f"{path} exists; name another file.", returncode=2) from None
        except OSError as error:
            raise CommandError(f"{error.filename or path}: {error.strerror}.", returncode=2) from None
        self.stdout.write(f"{path}: {', '.join(names)}. Read it before you pass it on.")
