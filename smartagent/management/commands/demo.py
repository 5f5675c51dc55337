"""Fill an empty installation with a believable month."""

import logging
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from rules.audit.sealing import importing
from rules.models import AutomationRule
from smartagent.demo import progress
from smartagent.demo.month import make_month

Show = Callable[[int, int], None]


@contextmanager
def _shown_progress() -> Iterator[Show]:
    """A bar in a terminal, else a line for each tenth."""
    console = Console(stderr=True, highlight=False)
    columns = (TextColumn("Replaying a month"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    if not console.is_terminal:
        yield (
            lambda done, total: (
                console.print(f"Replaying a month: {100 * done // total} %") if _is_new_tenth(done, total) else None
            )
        )
        return
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("replay", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _is_new_tenth(done: int, total: int) -> bool:
    return 10 * done // total > 10 * (done - 1) // total


class Command(BaseCommand):
    help = "Creates 40 people, a month of readings and rules, and replays the evaluations."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--seed", type=int, default=20, help="another number paints another month")

    def handle(self, *args: Any, **options: Any) -> None:
        if AutomationRule.objects.exists():
            self.stdout.write("Rules already exist. Demo data are only created in an empty installation.")
            return
        now = timezone.now().replace(second=0, microsecond=0)
        now -= timedelta(minutes=now.minute % 5)
        quiet = logging.getLogger("rules")
        quiet.setLevel(logging.ERROR)
        with _shown_progress() as show, progress.noted() as note, importing(now):
            month = make_month(now, options["seed"], [show, note])
        self.stdout.write(
            f"Demo data: {month.people} people, {month.rules} rules; the dispatcher wrote {month.entries:,} entries, "
            f"{month.notifications:,} notifications and {month.proposals:,} proposals."
        )
