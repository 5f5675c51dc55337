"""Try out that rules fire, actions happen and messages arrive, by the test channels."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from smartagent.selftest.run import run_self_test


class Command(BaseCommand):
    help = "Evaluates test rules and sends by the test channels, keeps the result, and leaves nothing else behind."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--format", choices=["text", "json"], default="text")

    def handle(self, *args: Any, **options: Any) -> None:
        run = run_self_test("command")
        if options["format"] == "json":
            self.stdout.write(json.dumps({"ok": not run.failed, "stages": run.stages}))
        else:
            for stage in run.stages:
                took = "" if stage["milliseconds"] is None else f"{stage['milliseconds']:,.0f} ms"
                self.stdout.write(f"{stage['status']:<16} {stage['stage']:<32} {took:>10}  {stage['error']}".rstrip())
        if run.failed:
            raise SystemExit(1)
