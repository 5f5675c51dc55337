"""Say whether all is as it should be, what to do where it is not, and repair what is safe to repair."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.utils import timezone
from rich.console import Console

from smartagent.doctor.examination import examine
from smartagent.doctor.findings import DoctorReport, FindingSeverity
from smartagent.doctor.repair import AlreadyRepairing, repair
from smartagent.doctor.terminal_report import show, show_findings, show_repairs


class Command(BaseCommand):
    help = "Checks database, tables, schedules, workers and settings, and reports problems with their fixes."
    # It must run where nothing else does.
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--format", choices=["text", "json"], default="text")
        parser.add_argument("--quiet", action="store_true", help="print errors only, and nothing without: for cron")
        parser.add_argument(
            "--fix", action="store_true", help="repair what is safe to repair (drops nothing), and check again"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        as_json = options["format"] == "json"
        console = Console(file=self.stdout, highlight=False)  # type: ignore[arg-type]
        report = examine(connection, timezone.now())
        if options["fix"] and report.tables:
            self._repair(console, quiet=as_json or options["quiet"])
            report = examine(connection, timezone.now())
        if as_json:
            self.stdout.write(json.dumps(report.as_dict()))
        elif options["quiet"]:
            show_findings(console, report.of(FindingSeverity.ERROR))
        elif report.tables:
            show(console, report)
        else:
            self._say_in_one_line(report)
        if not report.ok:
            raise SystemExit(1)

    def _repair(self, console: Console, *, quiet: bool) -> None:
        try:
            repairs = repair(connection)
        except AlreadyRepairing as error:
            raise CommandError(str(error), returncode=1) from None
        if not quiet:
            show_repairs(console, repairs)

    def _say_in_one_line(self, report: DoctorReport) -> None:
        """There is no database to look at."""
        for finding in report.findings:
            self.stderr.write(f"{finding.problem} {finding.fix}")
