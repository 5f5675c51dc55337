"""One evaluation of the rules, stage by stage. Read this first. `stage_ms` of a run has the names in italics;
its page shows them with these numbers.

1. Begin: one dispatcher at a time; if the lock is taken, the run says so and ends. Entries that an earlier evaluation
   left pending are executed (*leftovers*).
2. *readings*: queries are asked of data sources, outside of a transaction; then every metric source gives rows, and
   the rules that are quiet are left out; changes of built-in metrics are kept (*history*).
3. *candidates*: one statement joins the other rules, readings and states, and returns the instances that may change.
4. Step: the pure state machine decides what becomes of each candidate, and
5. *record*: states, entries and counters are written, one transaction per chunk, and in the same transaction
6. *execute*: the actions of these entries run, so that an entry is written with its result. What could not act is
   settled afterwards.
7. Deliver: workers send the notifications (`notifications.delivery.pipeline`).

The button, the API, the command and the schedule all come in by `dispatch`.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

import structlog
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from rules.data_sources.asking import QueryOutcome, ask_queries
from rules.data_sources.record import record_outcomes
from rules.data_sources.watched import queries_watched, query_names
from rules.evaluation import stages
from rules.evaluation.candidates import find_candidates, only
from rules.evaluation.clock_changes import was_set_back
from rules.evaluation.clock_skew import SKEW, pull_back
from rules.evaluation.execution import execute_pending
from rules.evaluation.lateness import note_lateness
from rules.evaluation.orphans import add_unwatched
from rules.evaluation.process_metrics import (
    FAILED,
    SUCCEEDED,
    count_actions,
    count_evaluation,
    count_transitions,
    number_of,
)
from rules.evaluation.quiet_rules import gather_examined
from rules.evaluation.readings import cause_of, forget, keep_changes
from rules.evaluation.series.selection import select_series
from rules.evaluation.slow_statement import SlowStatement
from rules.evaluation.transitions import record
from rules.isolation import Isolated
from rules.models import AutomationRule, DispatchRun, MetricQuery
from rules.silences.coverage import begin_silenced, gather_silenced
from rules.silences.end_report import report_ended
from smartagent.kernel.member_role import as_owner
from smartagent.kernel.own_session import own_session
from smartagent.kernel.schema_drift_log import notice
from smartagent.kernel.tracing import first_span, span
from smartagent.postgres import hidden_rows

log = structlog.get_logger(__name__)
NAMED = 20
EVALUATION_LOCK = 0x5A9E17  # any number, the same for every dispatcher of this database


@as_owner()
def dispatch(
    now: datetime,
    trigger: str,
    *,
    requested_by: UUID | None = None,
    owner: UUID | None = None,
    rule: UUID | None = None,
) -> DispatchRun:
    """Evaluate the rules as of `now`, all of them or only those of `owner` or that one `rule`; return the run."""
    blind = hidden_rows.look()
    if any(each.name == DispatchRun._meta.db_table for each in blind):
        raise hidden_rows.RowsHidden(hidden_rows.in_words(blind))  # no run can be written either
    run = DispatchRun(
        trigger=trigger, requested_by_id=requested_by, evaluated_at=now, started_at=timezone.now(), stage_ms={}
    )
    note_lateness(run)
    with own_session(), _lock() as free:
        if not free:
            run.outcome = DispatchRun.Outcome.OVERLAPPED
            run.finished_at = timezone.now()
            run.save(force_insert=True)
            count_evaluation(run)
            return run
        DispatchRun.objects.unfinished().end(run.started_at)
        run.save(force_insert=True)
        with (
            structlog.contextvars.bound_contextvars(run=str(run.pk)),
            first_span("evaluation", run.pk, run=str(run.pk), trigger=trigger) as note,
        ):
            _run(run, owner, rule, blind)
            note(rules=run.rules_evaluated, instances=run.instances, triggered=run.triggered, failed=run.failed)
    return run


def _run(
    run: DispatchRun, owner: UUID | None, rule: UUID | None, blind: tuple[hidden_rows.HiddenTable, ...] = ()
) -> None:
    try:
        if blind:
            raise hidden_rows.RowsHidden(hidden_rows.in_words(blind))
        _evaluate(run, owner, rule)
        run.outcome = DispatchRun.Outcome.COMPLETED
    except BaseException as error:  # also when it is interrupted
        run.outcome, run.error_message = DispatchRun.Outcome.FAILED, cause_of(error)
        notice(error)
        log.error("evaluation failed", exc_info=error)
        raise
    finally:
        run.finished_at = timezone.now()
        count_evaluation(run)
        run.save()
        log.info("dispatched", outcome=run.outcome, triggered=run.triggered, failed=run.failed)


def _evaluate(run: DispatchRun, owner: UUID | None, rule: UUID | None) -> None:
    now = run.evaluated_at
    _set_right(run)
    with _timed(run, stages.LEFTOVERS):
        run.succeeded, run.failed = execute_pending(now, owner)
    with _timed(run, stages.READINGS):
        outcomes = _ask_sources(run, owner, rule)
        with transaction.atomic():
            person = _only_reader(owner, rule)
            census = gather_examined(now, *only(owner, rule), person, outcomes)
    with _timed(run, stages.HISTORY):
        _apart(run, "Changes of built-in metrics were not stored", lambda: keep_changes(now))
    with _timed(run, stages.CANDIDATES), transaction.atomic():
        run.rules_evaluated, run.instances = census.rules, census.instances
        _silence(run)
        series = select_series(now, *only(owner, rule), query_names(), person)
        run.instances += series.live
        slow = SlowStatement(settings.SLOW_EVALUATION_SECONDS)
        candidates, isolated = find_candidates(now, owner, rule, census.kinds, series, slow, was_set_back(now))
        run.plan = slow.plan
        candidates += _find_unwatched(run, owner, rule)
    with _timed(run, stages.RECORD):
        recorded = record(candidates, run.pk, now)
        isolated.update(recorded.isolated)
        _name(run, isolated)
    count_transitions(recorded.events)
    count_actions(recorded.acted)
    run.triggered, run.no_data, run.errors = recorded.triggered, recorded.no_data, recorded.errors
    forget()
    with _timed(run, stages.EXECUTE):
        succeeded, failed = execute_pending(now, owner)  # what could not act with its chunk
    run.succeeded += number_of(recorded.acted, SUCCEEDED) + succeeded
    run.failed += number_of(recorded.acted, FAILED) + failed
    _count_as(stages.EXECUTE, stages.RECORD, run, recorded.acting)
    if owner is None and rule is None:  # else not everything that a silence covered was evaluated
        report_ended(run.pk, now)


def _ask_sources(run: DispatchRun, owner: UUID | None, rule: UUID | None) -> list[QueryOutcome]:
    """Ask the queries that the rules watch. No transaction waits for the network."""
    queries: list[MetricQuery] = []
    _apart(run, "Metric queries were not read", lambda: queries.extend(queries_watched(owner, rule)))
    outcomes = ask_queries(queries, run.evaluated_at)
    _apart(run, "The state of data sources was not stored", lambda: record_outcomes(outcomes, run.evaluated_at))
    return outcomes


def _find_unwatched(run: DispatchRun, owner: UUID | None, rule: UUID | None) -> int:
    """Add the instances that their rules no longer watch to the candidates; return their number."""
    added: list[int] = []
    _apart(
        run, "Instances no longer evaluated were not resolved",
        lambda: added.append(add_unwatched(run.evaluated_at, owner, rule)),
    )  # fmt: skip
    return sum(added)


def _name(run: DispatchRun, isolated: Isolated[UUID]) -> None:
    """Record on the run which rules could not be evaluated with the others; by id, since not everybody may see their
    names."""
    errors = [run.error_message] if run.error_message else []
    if isolated.culprits:
        named = ", ".join(str(key) for key in list(isolated.culprits)[:NAMED])
        more = len(isolated.culprits) - NAMED
        errors.append(f"Rules that could not be evaluated: {named}{f' and {more:,} more' if more > 0 else ''}.")
    if isolated.left:
        errors.append(f"Rules skipped for lack of time: {len(isolated.left):,}.")
    run.error_message = " ".join(errors) or None


def _set_right(run: DispatchRun) -> None:
    """Repair times in the future; only an evaluation as of the present time can detect them."""
    if run.evaluated_at < run.started_at - SKEW:
        return
    if pulled := pull_back(run.evaluated_at):
        _say(run, f"The system clock had been ahead; instances reset to the current time: {pulled:,}.")
        log.warning("clock was ahead", instances=pulled)


def _silence(run: DispatchRun) -> None:
    """Load the active silences. One that cannot be read covers nothing; the run names it."""
    unread: list[str] = []
    begin_silenced()
    _apart(run, "Silences were not applied", lambda: gather_silenced(run.evaluated_at, unread))
    if unread:
        _say(run, f"Silences that cannot be read: {'; '.join(unread[:NAMED])}.")


def _apart(run: DispatchRun, failure: str, work: Callable[[], object]) -> None:
    """Run a task whose failure must not stop the evaluation; the failure is recorded on the run."""
    try:
        with transaction.atomic():
            work()
    except DatabaseError as error:
        _say(run, f"{failure}: {cause_of(error)}.")
        log.warning("part of an evaluation failed", part=failure, cause=cause_of(error))


def _say(run: DispatchRun, problem: str) -> None:
    run.error_message = f"{run.error_message} {problem}" if run.error_message else problem


@contextmanager
def _timed(run: DispatchRun, stage: str) -> Iterator[None]:
    started = time.perf_counter()
    with span(stage):
        yield
    run.stage_ms[stage] = round((time.perf_counter() - started) * 1000, 1)


def _count_as(stage: str, within: str, run: DispatchRun, seconds: float) -> None:
    """Count `seconds` of a stage that ran within another one."""
    run.stage_ms[within] = round(run.stage_ms[within] - seconds * 1000, 1)
    run.stage_ms[stage] = round(run.stage_ms[stage] + seconds * 1000, 1)


@contextmanager
def _lock() -> Iterator[bool]:
    free = _answer("SELECT pg_try_advisory_lock(%s)")
    try:
        yield free
    finally:
        if free:
            _answer("SELECT pg_advisory_unlock(%s)")  # a connection that broke meanwhile has given it back


def _answer(question: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(question, [EVALUATION_LOCK])
        return bool(cursor.fetchone()[0])


def _only_reader(owner: UUID | None, rule: UUID | None) -> UUID | None:
    """The only person whose readings are needed; None where there are several."""
    if owner is None and rule is None:
        return None
    rules = AutomationRule.objects.in_force().evaluated_for(owner, rule)
    readers = list(rules.order_by().values_list("user", "applies_to").distinct()[:2])
    alone = len(readers) == 1 and readers[0][1] == AutomationRule.AppliesTo.OWNER
    return readers[0][0] if alone else None
