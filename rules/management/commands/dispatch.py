"""Evaluate the rules now, or as of a past time."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from rules.audit.sealing import importing
from rules.evaluation.dispatcher import dispatch
from rules.evaluation.heartbeat import evaluate_with_heartbeat
from rules.models import DispatchRun, RuleState
from smartagent.kernel.formats import counted
from smartagent.kernel.times import counted_with, read_time


class Command(BaseCommand):
    help = "Evaluates all active rules, runs the actions of firing alerts and prints a summary."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--at", metavar="TIME", help="evaluate as of this time, e.g. 2026-03-02T10:00:00 (UTC)")

    def handle(self, *args: Any, **options: Any) -> None:
        at = moment(options["at"])
        if at > timezone.now():
            raise CommandError("--at is in the future. Rules are evaluated now or as of a past time.", returncode=2)
        later = RuleState.objects.later_than(at).count() if options["at"] else 0
        if options["at"]:
            with importing(timezone.now()):  # entries of a past time are no surprise for the chain
                run = dispatch(at, DispatchRun.Trigger.COMMAND)
        else:
            run = evaluate_with_heartbeat(at, DispatchRun.Trigger.COMMAND)
        if run.outcome == DispatchRun.Outcome.OVERLAPPED:
            raise CommandError("Another evaluation is running. Try again in a moment.", returncode=1)
        rules = counted(run.rules_evaluated, "rule")
        self.stdout.write(
            f"Evaluated {rules} as of {run.evaluated_at:%Y-%m-%d %H:%M:%S} UTC: "
            f"{run.triggered} triggered, {run.succeeded} acted, {run.failed} failed, "
            f"{run.no_data} newly with no data, {run.errors} with errors."
        )
        if run.error_message:
            self.stderr.write(run.error_message)
        if later:
            self.stdout.write(
                f"{counted(later, 'instance')} changed or acted after that time and "
                f"{'was' if later == 1 else 'were'} skipped."
            )


def moment(text: str | None) -> Any:
    """The time that `text` says, UTC where it names no zone; now without one."""
    if not text:
        return timezone.now()
    try:
        return counted_with(read_time(text, timezone.get_default_timezone()))
    except ValueError as error:
        raise CommandError(f"--at: {error}", returncode=2) from None
