"""Rules as code: export them to a file, see what a file would change, apply it; take over rules from Prometheus."""

import json
import os
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from rules.models import AutomationRule
from rules.provisioning.applying import Outdated, apply, unasked
from rules.provisioning.document import Document, read_text
from rules.provisioning.exporting import as_document, as_yaml, chosen
from rules.provisioning.planning import Plan, make_plan
from rules.provisioning.problems import Refused
from rules.provisioning.releasing import release
from rules.provisioning.showing import json_of, plan_facts, plan_lines, problem_lines
from smartagent.models import User

WAITING = 3  # the exit code of a plan that would change something
BAD = 2


class Command(BaseCommand):
    help = (
        "Keeps rules in a file: export writes it, plan says what applying it would change, apply does that. "
        "Exit codes: 0 done, or nothing to do; 2 the file is wrong; 3 plan: changes wait."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
        export = verbs.add_parser("export", help="write rules as a file")
        export.add_argument("file", nargs="?", default="-", metavar="FILE", help="where to; default: standard output")
        export.add_argument("--owner", metavar="EMAIL", help="only the rules of this person")
        export.add_argument("--label", action="append", default=[], metavar="NAME=VALUE", help="only those with this")
        export.add_argument("--rule", action="append", default=[], metavar="ID", help="only this one, by uid or id")
        export.add_argument("--source", default="", metavar="NAME", help="what the file calls itself")
        export.add_argument("--format", choices=["yaml", "json"], default="yaml")
        plan = verbs.add_parser("plan", help="say what applying a file would change; changes nothing")
        plan.add_argument("--format", choices=["text", "json"], default="text")
        applied = verbs.add_parser("apply", help="bring the rules of a file in, all of them or none")
        applied.add_argument("--yes", action="store_true", help="do not ask")
        applied.add_argument("--adopt", action="store_true", help="take over rules made by hand or by another file")
        applied.add_argument("--plan", default="", metavar="FINGERPRINT", help="only if the plan is still this one")
        applied.add_argument("--format", choices=["text", "json"], default="text")
        for verb in (plan, applied):
            verb.add_argument("file", metavar="FILE", help="the file of rules; - is standard input")
            verb.add_argument("--owner", metavar="EMAIL", help="whose rules are that name no owner")
            verb.add_argument("--source", default="", metavar="NAME", help="what the file is called; default: its name")
            verb.add_argument("--prune", action="store_true", help="rules of this file no longer in it are deleted")
        freed = verbs.add_parser("release", help="unlock the rules of a file, so that people change them by hand again")
        freed.add_argument("source", metavar="SOURCE", help="what the file is called")
        prometheus.add_arguments(verbs)

    def handle(self, *args: Any, **options: Any) -> None:
        asked = Namespace(**options)
        {"export": self._export, "plan": self._plan, "apply": self._apply, "release": self._release,
         "import-prometheus": self._import}[asked.verb](asked)  # fmt: skip
