"""An evaluation run in sentences."""

from rules.models import DispatchRun
from smartagent.kernel.durations import format_duration
from smartagent.kernel.formats import counted


def run_in_words(run: DispatchRun) -> str:
    """The whole run: `2 rules with 3 instances: 1 triggered. 1 action succeeded, 0 failed.`"""
    return " ".join(run_sentences(run))


def run_sentences(run: DispatchRun) -> list[str]:
    """What the run did and how it ended, one sentence each."""
    if run.outcome == DispatchRun.Outcome.OVERLAPPED:
        return ["Skipped: another run was in progress."]
    looked = f"{counted(run.rules_evaluated, 'rule')} with {counted(run.instances, 'instance')}"
    sentences = [f"{looked}: {run.triggered:,} triggered."]
    if run.outcome == DispatchRun.Outcome.RUNNING:
        sentences = ["In progress."]
    if run.succeeded or run.failed:
        sentences.append(f"{counted(run.succeeded, 'action')} succeeded, {run.failed:,} failed.")
    if run.no_data or run.errors:
        sentences.append(f"{counted(run.no_data, 'instance')} with no data, {run.errors:,} with errors.")
    if run.outcome == DispatchRun.Outcome.FAILED:
        sentences.append(f"Failed: {run.error_message}")
    elif run.error_message:
        sentences.append(run.error_message)
    if run.late_by:
        sentences.append(f"Started {format_duration(run.late_by)} late.")
    return sentences
