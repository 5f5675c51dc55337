"""What evaluations count for Prometheus: a few additions for each evaluation, none for each rule."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import product

from rules.engine.states import Event
from rules.evaluation.stages import NUMBERS
from rules.models import DispatchRun
from rules.registries import actions
from smartagent.kernel.process_metrics import OTHER, counter, histogram

ENDED = [str(each) for each in DispatchRun.Outcome.values if each != DispatchRun.Outcome.RUNNING]
SUCCEEDED, FAILED, SKIPPED = "success", "failed", "skipped"  # as the status of entries
SCHEDULED = str(DispatchRun.Trigger.SCHEDULE)
Tally = Counter[tuple[str, str]]  # action and result

EVALUATIONS = counter(
    "smartagent_evaluations_total", "Evaluations of the rules, by trigger and outcome.", ["trigger", "outcome"],
    lambda: product(DispatchRun.Trigger.values, ENDED),
)  # fmt: skip
EVALUATION_SECONDS = histogram(
    "smartagent_evaluation_duration_seconds", "Duration of evaluations that were not skipped.", ["trigger"],
    lambda: [(trigger,) for trigger in DispatchRun.Trigger.values],
)  # fmt: skip
LAG_SECONDS = histogram(
    "smartagent_evaluation_lag_seconds", "Delay of the start of scheduled evaluations; 0 up to half an interval.",
    ["trigger"], lambda: [(SCHEDULED,)], buckets=(0, 1, 5, 15, 30, 60, 120, 300, 600, 1800, 3600),
)  # fmt: skip
STAGE_SECONDS = histogram(
    "smartagent_evaluation_stage_duration_seconds", "Duration of each stage of an evaluation.", ["stage"],
    lambda: [(stage,) for stage in NUMBERS],
)  # fmt: skip
TRANSITIONS = counter(
    "smartagent_transitions_total", "Changes of instances, by event of the activity log.", ["event"],
    lambda: [(event,) for event in Event.values],
)  # fmt: skip
ACTIONS = counter(
    "smartagent_actions_total", "Executed actions of rules, by action and result.", ["action", "result"],
    lambda: product([action.kind for action in actions], (SUCCEEDED, FAILED, SKIPPED)),
)  # fmt: skip


_is_rehearsal: ContextVar[bool] = ContextVar("is_rehearsal", default=False)


@contextmanager
def rehearsal() -> Iterator[None]:
    """Count nothing: what happens here is rolled back."""
    token = _is_rehearsal.set(True)
    try:
        yield
    finally:
        _is_rehearsal.reset(token)


def count_evaluation(run: DispatchRun) -> None:
    """Count an evaluation that has ended."""
    if _is_rehearsal.get():
        return
    EVALUATIONS.labels(run.trigger, run.outcome).inc()
    if run.outcome == DispatchRun.Outcome.OVERLAPPED or run.finished_at is None:
        return
    EVALUATION_SECONDS.labels(run.trigger).observe((run.finished_at - run.started_at).total_seconds())
    if run.trigger == SCHEDULED:
        LAG_SECONDS.labels(SCHEDULED).observe(run.late_by.total_seconds() if run.late_by else 0)
    for stage, milliseconds in run.stage_ms.items():
        STAGE_SECONDS.labels(stage).observe(milliseconds / 1000)


def count_transitions(events: Counter[str]) -> None:
    """Count changes of instances that were stored."""
    for event, number in events.items() if not _is_rehearsal.get() else ():
        TRANSITIONS.labels(event).inc(number)


def count_actions(tally: Tally) -> None:
    """Count actions whose results were stored."""
    for (action, result), number in tally.items() if not _is_rehearsal.get() else ():
        ACTIONS.labels(action if action in actions else OTHER, result).inc(number)


def number_of(tally: Tally, wanted: str) -> int:
    """How many actions had that result."""
    return sum(number for (_, result), number in tally.items() if result == wanted)
