"""Scheduled tasks."""

from collections.abc import Mapping

from django.utils import timezone

from rules.audit.anchor_places import publish_anchor
from rules.audit.recorded_verification import BUSY, verify_and_record
from rules.audit.sealing import seal
from rules.engine.intervals import has_evaluator
from rules.evaluation.evaluator import evaluate_again, evaluate_instead, evaluate_on_schedule
from rules.models import DispatchRun, EntryCount
from rules.storage.upkeep import keep_rollups, keep_storage
from smartagent.kernel.formats import counted


def tick() -> str:
    """Evaluate every rule now, unless the evaluator does; the result is kept in django-q2's task log."""
    if has_evaluator():
        return _in_words(evaluate_instead(timezone.now()), "manage.py evaluate does it")
    return _in_words(evaluate_on_schedule(timezone.now()), "another worker has done it")


def catch_up() -> str:
    """Evaluate every rule where the last evaluation was interrupted or did not begin; each minute."""
    return _in_words(evaluate_again(timezone.now()), "none was missed")


def _in_words(run: DispatchRun | None, no_run: str) -> str:
    return f"{run.outcome}: {run.triggered} triggered, {run.failed} failed" if run else no_run


def seal_entries() -> str:
    """Seal new entries of the activity log; the result is kept in django-q2's task log."""
    return f"{counted(seal(timezone.now()), 'entry', 'entries')} sealed"


def verify_entries(by: Mapping[str, str] | None = None) -> str:
    """Verify the activity log, for the schedule or for whoever has asked for it; the result is an entry of the log."""
    found = verify_and_record(timezone.now(), by)
    return BUSY if found is None else "ok" if found.ok else f"{counted(found.count, 'problem')} found"


def anchor_entries() -> str:
    """Write the newest link outside of the database; the result is kept in django-q2's task log."""
    return publish_anchor()


def count_entries() -> None:
    """Make the counts of the activity log small, and right where a trigger was off."""
    EntryCount.objects.recount()


def keep_samples() -> str:
    """Partitions ahead, and retention of samples; the result is kept in django-q2's task log."""
    return keep_storage(timezone.now())


def roll_up_samples() -> str:
    """Roll-ups of the samples since the last time; the result is kept in django-q2's task log."""
    return keep_rollups(timezone.now())
