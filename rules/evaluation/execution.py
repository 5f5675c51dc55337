"""Stage 6 of an evaluation: the actions of entries are executed, exactly once.

The rows of the action and the outcome of its entry are one transaction: of new entries the one that records them
(`rules.evaluation.transitions`), of entries that were left pending one for each batch. Where an action raises for a
batch, its firings are executed one by one, so that only the failing ones fail.
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

import structlog
from django.db import connection, transaction
from psycopg.types.json import Jsonb

from rules.action_options import NO_OBJECT, has_no_options, options_in
from rules.actions import Action, Firing, Outcome, actions
from rules.authority import MAY_ACT, REFUSAL
from rules.engine.intervals import evaluation_interval
from rules.evaluation.process_metrics import FAILED, SUCCEEDED, Tally, count_actions, number_of
from rules.evaluation.readings import cause_of
from smartagent.kernel.coerce import as_number
from smartagent.kernel.tracing import span

log = structlog.get_logger(__name__)

Place = tuple[datetime, UUID]  # in the queue
Done = list[tuple[UUID, Outcome]]  # by entry

ENTRIES_PER_BATCH = 2000
MAX_FAILURES_IN_A_ROW = 10  # failures in a row after which an action counts as broken for the batch
BEFORE_ALL_ENTRIES: Place = (datetime.min.replace(tzinfo=UTC), UUID(int=0))


def firings_sql(entries: str) -> str:
    """The SELECT of what is to be executed, with what its action needs, from pending `entries`."""
    return f"""
SELECT e.id, e.action_taken, e.event_type, e.created_at, e.context, e.state_id, r.id, r.rule_name, r.user_id,
       r.severity, r.action_config, coalesce(nullif(u.full_name, ''), u.email), s.user_id, e.run_id, {MAY_ACT}
  FROM {entries} e
  LEFT JOIN automation_rules r ON r.id = e.rule_id
  LEFT JOIN smartagent_users o ON o.id = r.user_id
  LEFT JOIN rule_states s ON s.id = e.state_id AND s.rule_id = e.rule_id
  LEFT JOIN smartagent_users u ON u.id = s.user_id
 ORDER BY e.created_at, e.id"""


# Other applications may keep pending entries of their own in the table, and write any there. Ours are of a run: clients
# of theirs can neither write that column nor change a row that has it (rules.migrations._guards), and the key of a run
# that was not there when they could is nowhere to be had.
PENDING_OF_RUNS_SQL = "status = 'pending' AND run_id IS NOT NULL AND state_id IS NOT NULL"
# First the entries alone: with the joins beside it, the order of the queue would be sorted anew for each batch.
CLAIM = f"""
WITH claimed AS MATERIALIZED (
    SELECT id, rule_id, state_id, run_id, action_taken, event_type, created_at, context FROM agent_activity_log
     WHERE {PENDING_OF_RUNS_SQL} AND created_at <= %(now)s
       AND (created_at, id) > (%(after)s, %(after_id)s) AND (%(owner)s::uuid IS NULL OR user_id = %(owner)s)
     ORDER BY created_at, id LIMIT %(batch)s FOR UPDATE SKIP LOCKED)
{firings_sql("claimed")}
"""
# A try that failed burns no cooldown: it is repeated soon, and then ever later, up to four hours. The first time is
# shorter than that between two evaluations, so that the next one retries.
LONGEST_FIRST_RETRY = timedelta(minutes=4)
OUTCOMES = "jsonb_to_recordset(%(outcomes)s) AS o (id uuid, error text, detail jsonb)"
STATUS_DONE = "CASE WHEN o.error IS NULL THEN 'success' ELSE 'failed' END"
CONTEXT_DONE = "e.context || jsonb_build_object('outcome', o.detail)"
WRITE_OUTCOMES = f"""
UPDATE agent_activity_log e
   SET status = {STATUS_DONE}, error_message = o.error, executed_at = %(now)s, context = {CONTEXT_DONE}
  FROM {OUTCOMES} WHERE e.id = o.id
"""
NOTE_OUTCOMES = f"""
UPDATE rule_states s
   SET last_notified_at = CASE WHEN o.error IS NULL THEN %(now)s ELSE s.last_notified_at END,
       failures = CASE WHEN o.error IS NULL THEN 0 ELSE s.failures + 1 END,
       retry_at = CASE WHEN o.error IS NULL THEN NULL
                  ELSE %(now)s + least(%(retry)s * power(2, least(s.failures, 10)), interval '4 hours') END
  FROM {{entries}} e JOIN {OUTCOMES} ON o.id = e.id WHERE s.id = e.state_id AND s.fired_at IS NOT NULL
"""
# Entries left after all that could be claimed: their rules no longer exist or act.
GIVE_UP = f"""
UPDATE agent_activity_log e
   SET status = CASE WHEN r.id IS NULL THEN 'failed' ELSE 'skipped' END, executed_at = %(now)s,
       error_message = CASE WHEN r.id IS NULL THEN 'The rule was deleted before its action was executed.'
                            WHEN r.status <> 'active' OR r.deleted_at IS NOT NULL
                            THEN 'The rule was paused before its action was executed.'
                            WHEN o.is_active IS NOT TRUE
                            THEN 'The owner of the rule was deactivated before its action was executed.'
                            ELSE {REFUSAL} END
  FROM agent_activity_log p LEFT JOIN automation_rules r ON r.id = p.rule_id
       LEFT JOIN smartagent_users o ON o.id = r.user_id
 WHERE e.id = p.id AND p.status = 'pending' AND p.run_id IS NOT NULL AND p.state_id IS NOT NULL
   AND p.created_at <= %(now)s AND ({MAY_ACT}) IS NOT TRUE
   AND (%(owner)s::uuid IS NULL OR coalesce(r.user_id, p.user_id) = %(owner)s)
RETURNING e.action_taken, e.status
"""


def execute_pending(now: datetime, owner: UUID | None = None) -> tuple[int, int]:
    """Execute pending entries, all or those of the rules of `owner`; return the numbers of successes and failures."""
    tally = Tally()
    place: Place | None = BEFORE_ALL_ENTRIES
    while place:
        with transaction.atomic():
            place, results = _execute_batch(now, owner, place)
        count_actions(results)
        tally += results
    given_up = _give_up(now, owner)
    count_actions(given_up)
    return number_of(tally, SUCCEEDED), number_of(tally + given_up, FAILED)


def _give_up(now: datetime, owner: UUID | None) -> Tally:
    with connection.cursor() as cursor:
        cursor.execute(GIVE_UP, {"now": now, "owner": owner})
        return Tally(cursor.fetchall())


def _execute_batch(now: datetime, owner: UUID | None, place: Place) -> tuple[Place | None, Tally]:
    """Execute the batch after `place` in the queue; return the place of its last entry, None where it was empty."""
    after, after_id = place
    params: dict[str, Any] = {
        "now": now,
        "batch": ENTRIES_PER_BATCH,
        "owner": owner,
        "after": after,
        "after_id": after_id,
    }
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, params)
        rows = cursor.fetchall()
    done, results = perform(rows, now)
    if done:
        written: dict[str, Any] = {"now": now, "outcomes": as_parameter(done)}
        with connection.cursor() as cursor:
            cursor.execute(WRITE_OUTCOMES, written)
        note_outcomes(done, "agent_activity_log", now)
    return (rows[-1][3], rows[-1][0]) if rows else None, results


def perform(rows: Sequence[tuple[Any, ...]], now: datetime) -> tuple[Done, Tally]:
    """Execute the actions of the rows of `firings_sql`; return the outcomes, by entry, and their tally. Rows whose rule
    may not act have none."""
    claimed: list[tuple[str, Firing]] = []
    done: Done = []
    unread: set[UUID] = set()
    options = {raw: options_in(raw) for raw in {row[10] for row in rows}}  # one rule may have thousands of instances
    without = {raw for raw in options if has_no_options(raw)}
    for row in rows:
        try:
            if row[-1]:
                claimed.append((row[1], _firing(row, options[row[10]], now)))
                unread |= {row[0]} if row[10] in without else set()
        # Other programs may have written anything there.
        except (KeyError, TypeError, ValueError, RecursionError) as error:
            done.append((row[0], Outcome(error=f"The context of this entry cannot be read: {cause_of(error)}")))
    claimed.sort(key=lambda pair: pair[0])
    for kind, group in groupby(claimed, key=lambda pair: pair[0]):
        firings = [firing for _, firing in group]
        found = zip(firings, act(kind, firings), strict=True)
        done += [(firing.entry_id, _with_unread(outcome, firing.entry_id in unread)) for firing, outcome in found]
    kinds = {row[0]: row[1] for row in rows}
    return done, Tally((kinds[entry], FAILED if outcome.error is not None else SUCCEEDED) for entry, outcome in done)


def _firing(row: tuple[Any, ...], config: dict[str, Any], now: datetime) -> Firing:
    entry, _, event, fired_at, raw_context, state, rule, name, owner, severity, _, person, subject, run, _ = row
    context = json.loads(raw_context)  # Django gives JSON columns as text
    return Firing(
        entry_id=entry, event=event, rule_id=rule, rule_name=name, owner_id=owner,
        state_id=state, run_id=run,
        subject_id=subject or UUID(str(context["person"])), subject_name=person or "somebody",
        target=context["target"], metric=context["metric"], value=context["value"], operator=context["operator"],
        threshold=float(context["threshold"]), severity=context.get("severity") or severity, config=config,
        fired_at=fired_at, now=now, conditions=tuple(context.get("conditions") or ()),
        reason=str(context.get("reason") or ""),
        verdict=str(context.get("verdict") or ""), critical=as_number(context.get("critical")),
        series_aggregate=str(context.get("series_aggregate") or ""), condition_before=context.get("condition_before"),
    )  # fmt: skip


def _with_unread(outcome: Outcome, is_unread: bool) -> Outcome:
    """The outcome, with a note where the options of the rule could not be read."""
    if not is_unread:
        return outcome
    if outcome.error:
        return Outcome(outcome.detail, f"{outcome.error} {NO_OBJECT}")
    problem = f"{outcome.detail.get('problem', '')} {NO_OBJECT}".strip()
    return Outcome(outcome.detail | {"problem": problem})


def act(kind: str, firings: Sequence[Firing]) -> list[Outcome]:
    if kind not in actions:
        return [Outcome(error=f"Unknown action {kind!r}; see RULES_ACTIONS.") for _ in firings]
    try:
        with span(f"action {kind}", of=firings[0].run_id, firings=len(firings)) as note:
            outcomes = _attempt(actions[kind], firings)
            note(failed=sum(outcome.error is not None for outcome in outcomes))
        return outcomes
    except Exception as error:  # any error of an action is recorded, and the others continue
        if len(firings) == 1:
            _say(kind, firings[0], error)
            return [Outcome(error=cause_of(error))]
    return _one_by_one(kind, firings)


def _say(kind: str, firing: Firing, error: Exception) -> None:
    """In the log, with the traceback: the activity log has the cause alone."""
    log.error(
        "action failed", action=kind, entry=str(firing.entry_id), run=str(firing.run_id), rule=str(firing.rule_id),
        person=str(firing.subject_id), exc_info=error,
    )  # fmt: skip


def _one_by_one(kind: str, firings: Sequence[Firing]) -> list[Outcome]:
    """Execute one by one to find the failing firings; where the first ones all fail, the action is considered broken
    and the rest is skipped."""
    outcomes: list[Outcome] = []
    for firing in firings:
        outcomes += act(kind, [firing])
        if len(outcomes) == MAX_FAILURES_IN_A_ROW and all(outcome.error for outcome in outcomes):
            return outcomes + [Outcome(error=outcomes[-1].error)] * (len(firings) - MAX_FAILURES_IN_A_ROW)
    return outcomes


def _attempt(action: Action, firings: Sequence[Firing]) -> list[Outcome]:
    with transaction.atomic():
        outcomes = action.execute(firings)
        if len(outcomes) != len(firings):
            raise ValueError(f"{action.kind} gave {len(outcomes)} results for {len(firings)} firings")
        json.dumps(
            [outcome.detail for outcome in outcomes], allow_nan=False
        )  # raises where the result could not be stored
        return outcomes


def as_parameter(done: Done) -> Jsonb:
    """The outcomes as the parameter of `OUTCOMES`."""
    return Jsonb([{"id": str(entry), "error": outcome.error, "detail": outcome.detail} for entry, outcome in done])


def note_outcomes(done: Done, entries: str, now: datetime) -> None:
    """Store in the states of the instances of `entries` when they acted, or when they try again."""
    retry = min(LONGEST_FIRST_RETRY, evaluation_interval() * 0.8)
    params: dict[str, Any] = {"now": now, "outcomes": as_parameter(done), "retry": retry}
    with connection.cursor() as cursor:
        cursor.execute(NOTE_OUTCOMES.format(entries=entries), params)
