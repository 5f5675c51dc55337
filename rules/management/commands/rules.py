"""Rules as code: export them to a file, see what a file would change, apply it."""

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from rules.management.verbs_of_rules import add_apply, add_export, add_import, add_plan, add_release
from rules.models import AutomationRule
from rules.models.recorded import acting_as
from rules.prometheus.imported import as_document as imported_document
from rules.prometheus.importer import import_files
from rules.prometheus.report import report_facts, report_lines
from rules.prometheus.target import target_named
from rules.provisioning.apply import Outdated, apply
from rules.provisioning.document import Document, read_text
from rules.provisioning.export import as_document, as_yaml, chosen, with_sources
from rules.provisioning.plan import Plan, make_plan
from rules.provisioning.plan_text import json_of, plan_facts, plan_lines, problem_lines
from rules.provisioning.problems import FileRefused
from rules.provisioning.release import release
from smartagent.kernel.command_line import command_line
from smartagent.models import User

WAITING = 3  # the exit code of a plan that would change something
EXIT_INVALID_FILE = 2


class Command(BaseCommand):
    help = (
        "Rules as code: export writes a rules file, plan previews changes, apply makes them. "
        "Exit codes: 0 success, or no changes; 2 invalid file; 3 plan: changes pending; import-prometheus: some "
        "rules could not be converted."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
        for add in (add_export, add_plan, add_apply, add_release, add_import):
            add(verbs)

    def handle(self, *args: Any, **options: Any) -> None:
        verb = {
            "export": self._export, "plan": self._plan, "apply": self._apply, "release": self._release,
            "import-prometheus": self._import,
        }  # fmt: skip
        with acting_as(command_line()):
            verb[options["verb"]](options)

    def _export(self, options: dict[str, Any]) -> None:
        labels = dict(_label(text) for text in options["label"])
        rules = chosen(
            AutomationRule.objects.all(), owner=_person(options["owner"]), labels=labels, ids=options["rule"]
        )
        document = as_document(rules, options["source"])
        if not (options["owner"] or labels or options["rule"]):
            document = with_sources(document)
        text = as_yaml(document) if options["format"] == "yaml" else json.dumps(json_of(document), indent=2) + "\n"
        self._write(text, options["file"], len(document["rules"]))

    def _write(self, text: str, file: str, count: int) -> None:
        if file == "-":
            self.stdout.write(text, ending="")
            return
        try:
            Path(file).write_text(text, encoding="utf-8")
        except OSError as error:
            raise CommandError(f"{file} cannot be written: {error.strerror}.", returncode=EXIT_INVALID_FILE) from None
        self.stdout.write(f"{count:,} rules written to {file}.")

    def _import(self, options: dict[str, Any]) -> None:
        if options["address"] and not options["data_source"]:
            raise CommandError("--address needs --data-source NAME.", returncode=EXIT_INVALID_FILE)
        target = target_named(options["data_source"], options["address"])
        files = [(name, _text_of(name)) for name in options["file"]]
        try:
            imported = import_files(_named(files), target)
        except FileRefused as error:
            raise _refused(error.problems, error.file or ", ".join(options["file"])) from None
        document = imported_document(imported, options["source"], target)
        facts = json.dumps(report_facts(imported, document), indent=2) + "\n"
        as_text = as_yaml(document) if options["format"] == "yaml" else facts
        self._write(as_text, options["output"], len(document["rules"]))
        self.stderr.write("\n".join(report_lines(imported, target)))
        if any(each.entry is None and not (each.recorded and target) for each in imported):
            sys.exit(WAITING)

    def _plan(self, options: dict[str, Any]) -> None:
        document = self._read(options)
        plan = make_plan(document, None, owner=_person(options["owner"]), prune=options["prune"])
        if plan.problems:
            raise _refused(plan.problems, options["file"])
        self._show(plan, options)
        if plan.changes:
            sys.exit(WAITING)

    def _apply(self, options: dict[str, Any]) -> None:
        document = self._read(options)
        try:
            plan = apply(
                document, None, timezone.now(), owner=_person(options["owner"]), adopt=options["adopt"],
                prune=options["prune"], fingerprint=options["plan"],
            )  # fmt: skip
        except FileRefused as error:
            raise _refused(error.problems, options["file"]) from None
        except Outdated as error:
            now = error.plan.fingerprint
            raise CommandError(
                f"{error} The current plan is {now}: manage.py rules plan FILE.", returncode=EXIT_INVALID_FILE
            ) from None
        self._show(plan, options)

    def _release(self, options: dict[str, Any]) -> None:
        count = release(options["source"], None, timezone.now())
        if not count:
            raise CommandError(
                f"No rule is managed by a file named {options['source']!r}.", returncode=EXIT_INVALID_FILE
            )
        self.stdout.write(f"{count:,} rules released.")

    def _read(self, options: dict[str, Any]) -> Document:
        file = options["file"]
        text = _text_of(file)
        try:
            name = options["source"] or ("standard input" if file == "-" else Path(file).name)
            return read_text(text, name, named=bool(options["source"]))
        except FileRefused as error:
            raise _refused(error.problems, file) from None

    def _show(self, plan: Plan, options: dict[str, Any]) -> None:
        if options["format"] == "json":
            self.stdout.write(json.dumps(plan_facts(plan), indent=2))
            return
        self.stdout.write("\n".join(plan_lines(plan)))
        if options["verb"] == "plan" and plan.changes:
            self.stdout.write(f"To apply this plan: manage.py rules apply {options['file']} --plan {plan.fingerprint}")


def _named(files: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The files, with names only where there are several."""
    return files if len(files) > 1 else [("", text) for _, text in files]


def _text_of(file: str) -> str:
    try:
        return sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{file} cannot be read: {error}", returncode=EXIT_INVALID_FILE) from None


def _refused(problems: Any, file: str) -> CommandError:
    return CommandError("\n".join(problem_lines(problems, file)), returncode=EXIT_INVALID_FILE)


def _label(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not (name and sign):
        raise CommandError(
            f"--label {text!r}: use NAME=VALUE, for example team=database.", returncode=EXIT_INVALID_FILE
        )
    return name, value


def _person(email: str | None) -> User | None:
    if not email:
        return None
    found: User | None = User.objects.filter(email__iexact=email).first()
    if found is None:
        raise CommandError(f"No person with the e-mail address {email!r}.", returncode=EXIT_INVALID_FILE)
    return found
