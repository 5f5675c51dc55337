"""Try a rule from a file on samples from a CSV; the database is not asked."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from rules.backtesting.replay import as_dict, replay_samples
from rules.backtesting.samples_file import BadSamples, read_samples
from rules.models import AutomationRule
from rules.provisioning.document import Document, read_text
from rules.provisioning.plan_text import problem_lines
from rules.provisioning.problems import FileRefused
from rules.text.entry import number
from smartagent.kernel.formats import counted

EXIT_INVALID_INPUT = 2


class Command(BaseCommand):
    help = "Backtests a rule over a CSV of samples, with the code of the evaluation."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--rule", required=True, type=Path, metavar="FILE.yaml", help="rules file")
        parser.add_argument("--uid", default="", help="uid of the rule, if the file has several")
        parser.add_argument("--samples", required=True, type=Path, metavar="FILE.csv", help="timestamp,value")
        parser.add_argument("--format", choices=["text", "json"], default="text")

    def handle(self, *args: Any, **options: Any) -> None:
        rule = _rule(options["rule"], options["uid"])
        try:
            found = as_dict(replay_samples(rule, read_samples(options["samples"])))
        except (BadSamples, ValueError) as error:
            raise CommandError(f"{options['samples']}: {error}", returncode=EXIT_INVALID_INPUT) from None
        if options["format"] == "json":
            self.stdout.write(json.dumps(found))
            return
        for made in found["transitions"]:
            value = number(made["value"])
            reason = f"  ({made['reason']})" if made["reason"] else ""
            self.stdout.write(f"{made['at']}  {made['from']} -> {made['to']}  {value}{reason}")
        fired, notified = counted(found["fired"], "time"), counted(found["notified"], "time")
        self.stdout.write(f"Fired {fired}, notified {notified}.")


def _rule(path: Path, uid: str) -> AutomationRule:
    try:
        document = read_text(path.read_text(encoding="utf-8"), path.name)
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{path} cannot be read: {error}", returncode=EXIT_INVALID_INPUT) from None
    except FileRefused as error:
        raise CommandError("\n".join(problem_lines(error.problems, str(path))), returncode=EXIT_INVALID_INPUT) from None
    return _chosen(document, uid, path)


def _chosen(document: Document, uid: str, path: Path) -> AutomationRule:
    entries = [entry for entry in document.entries if uid in ("", entry.uid)]
    if len(entries) != 1:
        known = ", ".join(entry.uid for entry in document.entries) or "none"
        raise CommandError(
            f"{path}: select a rule by --uid. Rules in the file: {known}.", returncode=EXIT_INVALID_INPUT
        )
    return AutomationRule(**{name: value for name, value in entries[0].values.items() if name != "user"})
