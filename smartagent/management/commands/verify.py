"""Prove that rules fire and actions happen, in the database that this installation uses."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from smartagent.verification.report import verify


class Command(BaseCommand):
    help = "Runs an end-to-end scenario, checks every step, and rolls back all changes."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--format", choices=["markdown", "json"], default="markdown")

    def handle(self, *args: Any, **options: Any) -> None:
        report = verify(timezone.now())
        self.stdout.write(json.dumps(report.as_dict()) if options["format"] == "json" else report.as_markdown())
        if not report.ok:
            raise SystemExit(1)
