"""The chain of the activity log: verify it, accept late entries, seal what waits, write an anchor."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from rules.audit.acceptance import NotAccepted, accept, late_links
from rules.audit.anchors import Anchor, BadAnchors, newest_anchor, read_anchors
from rules.audit.findings import Verification
from rules.audit.sealing import seal
from rules.audit.verification import Verifier
from smartagent.kernel.command_line import actor_facts, command_line
from smartagent.kernel.formats import counted

EXIT_INVALID_INPUT = 2


class Command(BaseCommand):
    help = "Verifies that the activity log is as it was written, and names the first entry that is not."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="verify|accept|seal|anchor")
        verify = actions.add_parser("verify", help="check every link and entry; exit code 1 where one does not fit")
        verify.add_argument("--format", choices=["text", "json"], default="text")
        verify.add_argument("--anchor", type=Path, metavar="FILE", help="anchors that were written outside, one a line")
        accept = actions.add_parser("accept", help="accept entries that were first seen long after their time")
        accept.add_argument("link", type=int, nargs="*", help="numbers of the links, as verify names them")
        accept.add_argument("--all", action="store_true", help="all such links")
        accept.add_argument("--reason", required=True, help="why they are there; it stays in the log")
        actions.add_parser("seal", help="seal the entries that wait, as a worker does each minute")
        actions.add_parser("anchor", help="print the newest link as an anchor")

    def handle(self, *args: Any, **options: Any) -> None:
        {"verify": self._verify, "accept": self._accept, "seal": self._seal, "anchor": self._anchor}[options["action"]](
            options
        )

    def _verify(self, options: dict[str, Any]) -> None:
        try:
            anchors: list[Anchor] = read_anchors(options["anchor"]) if options["anchor"] else []
        except BadAnchors as error:
            raise CommandError(str(error), returncode=EXIT_INVALID_INPUT) from None
        found = Verifier(anchors).run()
        as_json = options["format"] == "json"
        self.stdout.write(json.dumps(found.as_dict()) if as_json else "\n".join(verification_lines(found)))
        if not found.ok:
            raise SystemExit(1)

    def _accept(self, options: dict[str, Any]) -> None:
        if bool(options["link"]) == options["all"]:
            raise CommandError("Name the links, or use --all.", returncode=EXIT_INVALID_INPUT)
        numbers = late_links() if options["all"] else options["link"]
        try:
            done = accept(numbers, options["reason"], actor_facts(command_line()), timezone.now())
        except NotAccepted as reason:
            raise CommandError(str(reason), returncode=EXIT_INVALID_INPUT) from None
        self.stdout.write(f"Accepted: {counted(done.entries, 'entry', 'entries')} in {counted(done.links, 'link')}.")

    def _seal(self, options: dict[str, Any]) -> None:
        self.stdout.write(f"{counted(seal(timezone.now()), 'entry', 'entries')} sealed.")

    def _anchor(self, options: dict[str, Any]) -> None:
        anchor = newest_anchor()
        if anchor is None:
            raise CommandError("Nothing is sealed yet: `manage.py audit seal` begins the chain.")
        self.stdout.write(anchor.as_line())


def verification_lines(found: Verification) -> list[str]:
    """The result for people."""
    kept = f"{counted(found.entries, 'entry', 'entries')} in {counted(found.links, 'link')} as they were written"
    others = [
        f"{number:,} {words}"
        for number, words in (
            (found.waiting, "wait to be sealed"),
            (found.erased, "erased on request"),
            (found.forgotten, "deleted by retention"),
            (found.accepted, "first seen long after their time, and accepted"),
        )
        if number
    ]
    lines = [", ".join([kept, *others]) + "."]
    if found.ok:
        return [*lines, "No problems found."]
    lines.append(f"{counted(found.count, 'problem')} found:")
    for each in found.findings:
        link = f"link {each.link}" if each.link is not None else ""
        place = ", ".join(filter(None, [link, f"entry {each.entry}" if each.entry else ""]))
        entry = f" ({place})" if place else ""
        lines.append(f"  {each.problem}{entry}")
    if found.count > len(found.findings):
        lines.append(f"  and {found.count - len(found.findings):,} more")
    return lines
