"""Say what `migrate` would do to the database, before it does it."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from smartagent.adoption.preview import estimates
from smartagent.adoption.preview.dry_run import Act, Rehearsal, Subject, rehearse


class Command(BaseCommand):
    help = "Shows what `migrate` would do to the database, table by table, without changes."
    # A rehearsal must not fail for what it is about to tell.
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="dry run: show the planned changes, change nothing")
        parser.add_argument("--format", choices=["text", "json"], default="text")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["check"]:
            raise CommandError(
                "`manage.py migrate` takes a database over; `manage.py adopt --check` says before what it would do.",
                returncode=2,
            )
        found = rehearse(connection)
        self.stdout.write(json.dumps(as_dict(found)) if options["format"] == "json" else as_text(found))
        if found.problems:
            raise SystemExit(1)


def as_dict(found: Rehearsal) -> dict[str, Any]:
    """The rehearsal for programs."""
    return {
        "nothing_to_do": found.nothing_to_do,
        "seconds": round(found.seconds, 1),
        "migrations": found.migrations,
        "problems": found.problems,
        "tables": [_table(subject) for subject in found.subjects.values()],
    }


def _table(subject: Subject) -> dict[str, Any]:
    return {
        "table": subject.name,
        "would": "create" if subject.created else "change" if subject.acts else "leave",
        "rows": subject.rows.count if subject.rows else None,
        "rows_exact": subject.rows.exact if subject.rows else None,
        "seconds": round(subject.seconds, 2),
        "lock": subject.lock,
        "changes": [_change(act) for act in subject.acts],
        "problem": subject.problem,
    }


def _change(act: Act) -> dict[str, Any]:
    return {
        "change": act.does,
        "lock": act.lock,
        "seconds": round(act.seconds, 2),
        "blocks_writes": act.blocked_seconds > 0,
        "blocked_seconds": round(act.blocked_seconds, 2),
    }


def as_text(found: Rehearsal) -> str:
    """The rehearsal for people: what is there first, what is new last."""
    if found.nothing_to_do:
        return "Nothing to do: all migrations are applied. `manage.py doctor` checks the installation."
    there = [subject for subject in found.subjects.values() if not subject.created]
    new = [subject.name for subject in found.subjects.values() if subject.created]
    lines = [line for subject in there for line in _lines(subject)]
    if new:
        lines += [f"New: {', '.join(new)}", ""]
    lines += [f"PROBLEM: {problem}" for problem in found.problems]
    if found.problems:
        return "\n".join([*lines, "`manage.py migrate` does not start before this is fixed. Nothing was changed."])
    longest = max(map(estimates.blocked_seconds, estimates.BLOCKING))
    lines += [
        f"`manage.py migrate` would take about {_time(found.seconds)}, while others go on reading and writing.",
        f"Only {' and '.join(estimates.BLOCKING)} make a write wait, each for about {longest:.1f} seconds at most:",
        "they are held for moments, and asked for with a short timeout, again and again.",
        "Nothing was changed.",
    ]
    return "\n".join(lines)


def _lines(subject: Subject) -> list[str]:
    """A table with its changes, the lock beside each."""
    rows = f"{subject.rows}, " if subject.rows else ""
    if not subject.acts:
        return [f"{subject.name}: {rows}{'would be left as it is' if not subject.problem else 'in the way'}", ""]
    lock = f", at most {subject.lock}" if subject.lock else ""
    width = max(len(act.does) for act in subject.acts)
    return [
        f"{subject.name}: {rows}about {_time(subject.seconds)}{lock}",
        *(f"  {act.does:<{width}}  {act.lock}".rstrip() for act in subject.acts),
        "",
    ]


def _time(seconds: float) -> str:
    if round(seconds) <= 1:
        return "a second"
    return f"{seconds:.0f} seconds" if seconds < 120 else f"{seconds / 60:.0f} minutes"
