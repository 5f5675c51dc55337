"""Stages 4 to 6 of an evaluation: each candidate takes its step, changes are stored and actions executed, by chunks.

A chunk is one transaction: states, entries, what their actions did and the results of these are stored together, or not
at all. What may not act any more by then stays pending, for `rules.evaluation.execution` to settle.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self
from uuid import UUID, uuid4

import structlog
from django.db import DatabaseError, IntegrityError, InterfaceError, OperationalError, connection, transaction

from rules.engine.intervals import evaluation_interval
from rules.engine.state_machine import step
from rules.engine.states import Transition
from rules.evaluation.candidate_rows import FETCH, Candidate
from rules.evaluation.execution import (
    CONTEXT_DONE,
    OUTCOMES,
    STATUS_DONE,
    Done,
    as_parameter,
    firings_sql,
    note_outcomes,
    perform,
)
from rules.evaluation.process_metrics import Tally
from rules.evaluation.readings import cause_of
from rules.isolation import NOT_EVALUATED, SECONDS_AGAIN, Isolated, TimeBudget, isolate
from rules.registries import actions
from smartagent.kernel.bulk_copy import copy_rows
from smartagent.kernel.garbage import rarely_collected

log = structlog.get_logger(__name__)
TRANSITIONS_PER_QUERY = 1000  # those that act need 5 kB each
Budgets = tuple[TimeBudget, TimeBudget]  # seconds: for candidates, and for those that failed before
RETRIES = 2
TRANSITIONS = {
    "n": "int8", "state_id": "uuid", "entry_id": "uuid", "event": "text", "new": "text", "reason": "text",
    "episode": "int4", "acts": "bool", "counts": "bool", "quiet": "text", "fired_at": "timestamptz", "handling": "text",
    "silence_id": "text", "critical": "bool", "flapping": "bool", "changes": "timestamptz[]",
}  # fmt: skip
CREATE_TRANSITIONS_TABLE = f"""
DROP TABLE IF EXISTS eval_transitions;
CREATE TEMP TABLE eval_transitions ({", ".join(f"{name} {kind}" for name, kind in TRANSITIONS.items())})
"""
# Handling by people during the evaluation is kept, unless the transition reopens the alert.
WRITE_STATES = """
INSERT INTO rule_states AS s (id, rule_id, user_id, target, labels, condition, reason, since, value, episode, handling,
                              fired_at, silence_id, critical, flapping, changes)
SELECT t.state_id, c.rule_id, c.subject_id, c.target, coalesce(c.labels, '{}'), t.new, t.reason, %(now)s, c.value,
       t.episode, t.handling, t.fired_at, t.silence_id::uuid, t.critical, t.flapping, t.changes
  FROM eval_transitions t JOIN eval_candidates c USING (n)
ON CONFLICT (rule_id, user_id, target) DO UPDATE SET
  condition = excluded.condition, reason = excluded.reason, labels = excluded.labels, missed = 0,
  value = excluded.value, episode = excluded.episode,
  since = CASE WHEN s.condition = excluded.condition THEN s.since ELSE excluded.since END,
  fired_at = excluded.fired_at, silence_id = excluded.silence_id, critical = excluded.critical,
  flapping = excluded.flapping, changes = excluded.changes,
  handling = CASE WHEN excluded.handling = 'open' THEN 'open' ELSE s.handling END,
  handled_by_id = CASE WHEN excluded.handling = 'open' THEN NULL ELSE s.handled_by_id END,
  handled_until = CASE WHEN excluded.handling = 'open' THEN NULL ELSE s.handled_until END,
  assignee_id = CASE WHEN excluded.episode = s.episode THEN s.assignee_id END,
  last_notified_at = CASE WHEN excluded.fired_at = s.fired_at THEN s.last_notified_at END,
  failures = CASE WHEN excluded.fired_at = s.fired_at THEN s.failures ELSE 0 END,
  retry_at = CASE WHEN excluded.fired_at = s.fired_at THEN s.retry_at END
"""
# Events that speak of what was before: where the condition was another one then, or was not met though the rule fired,
# that is written down as well.
LASTING = ["rule_repeated", "rule_unsilenced", "rule_reminded", "rule_resolved", "rule_recovering", "rule_unpending"]
CONDITION = """jsonb_build_object('metric', r.metric_type, 'target', c.target, 'operator', r.condition_operator,
                                 'threshold', r.threshold_value, 'verdict', 'met')"""
ENTRIES = {
    "id": "uuid", "user_id": "uuid", "rule_id": "uuid", "run_id": "uuid", "state_id": "uuid", "agent_name": "text",
    "event_type": "text", "action_taken": "text", "context": "jsonb", "status": "text", "error_message": "text",
    "created_at": "timestamptz", "executed_at": "timestamptz",
}  # fmt: skip
CREATE_ENTRIES_TABLE = f"""
DROP TABLE IF EXISTS eval_entries;
CREATE TEMP TABLE eval_entries ({", ".join(f"{name} {kind}" for name, kind in ENTRIES.items())})
"""
MAKE_ENTRIES = f"""
INSERT INTO eval_entries ({", ".join(ENTRIES)})
SELECT t.entry_id, c.owner_id, c.rule_id, %(run)s, t.state_id, 'smart_agent', t.event,
       CASE WHEN t.acts OR t.quiet <> '' THEN r.action_type ELSE 'none' END,
       jsonb_build_object(
         'rule_name', r.rule_name, 'rule_version', v.version, 'metric', r.metric_type, 'value', c.value,
         'threshold', r.threshold_value, 'operator', r.condition_operator, 'target', c.target,
         'severity', CASE WHEN t.critical OR (t.fired_at IS NULL AND c.was_critical) THEN 'critical'
                     ELSE r.severity END,
         'person', c.subject_id, 'observed_at', c.observed_at, 'from', c.condition, 'to', t.new, 'reason', t.reason,
         'episode', t.episode, 'since', c.since, 'handling', c.handling, 'last_acted', c.last_notified_at,
         'verdict', c.verdict)
       || CASE WHEN coalesce(c.labels, '{{}}') IN ('{{}}', jsonb_build_object('target', c.target)) THEN '{{}}'
               ELSE jsonb_build_object('labels', c.labels) END
       || CASE WHEN c.conditions IS NULL THEN '{{}}' ELSE jsonb_build_object('conditions', c.conditions) END
       || CASE WHEN r.series_mode = 'by' THEN jsonb_build_object('series_aggregate', r.series_aggregate) ELSE '{{}}' END
       || CASE WHEN b.condition <> {CONDITION} THEN jsonb_build_object('condition_before', b.condition) ELSE '{{}}' END
       || CASE WHEN t.critical THEN jsonb_build_object('critical', r.critical_threshold) ELSE '{{}}' END
       || CASE WHEN c.silencing_id IS NULL THEN '{{}}'
               ELSE jsonb_build_object('silence', c.silencing_id, 'silenced_by', c.words) END,
       CASE WHEN t.acts THEN 'pending' WHEN t.quiet <> '' THEN 'skipped' WHEN t.new = 'error' THEN 'failed'
            WHEN t.new = 'no_data' THEN 'skipped' ELSE 'success' END,
       CASE WHEN t.new = 'error' THEN t.reason ELSE nullif(t.quiet, '') END, %(now)s,
       CASE WHEN t.acts THEN NULL ELSE %(now)s END
  FROM eval_transitions t JOIN eval_candidates c USING (n) JOIN automation_rules r ON r.id = c.rule_id
  LEFT JOIN (SELECT h.id, max(h.history_id) AS version FROM automation_rules_history h
              WHERE h.id IN (SELECT rule_id FROM eval_candidates WHERE n > %(first)s AND n <= %(last)s)
              GROUP BY h.id) v ON v.id = c.rule_id
  LEFT JOIN LATERAL (
       SELECT jsonb_build_object('metric', e.context->'metric', 'target', e.context->'target',
                                 'operator', e.context->'operator', 'threshold', e.context->'threshold',
                                 'verdict', e.context->'verdict') AS condition
         FROM agent_activity_log e
        WHERE t.event = ANY(%(lasting)s) AND e.state_id = t.state_id AND e.run_id IS NOT NULL
          AND e.created_at <= coalesce(c.fired_at, c.since) AND e.context ? 'threshold'
        ORDER BY e.created_at DESC LIMIT 1) b ON true
"""
WRITE_ENTRIES = f"""
INSERT INTO agent_activity_log ({", ".join(ENTRIES)})
SELECT {", ".join(f"e.{name}" for name in list(ENTRIES)[:8])},
       CASE WHEN o.id IS NULL THEN e.context ELSE {CONTEXT_DONE} END,
       CASE WHEN o.id IS NULL THEN e.status ELSE {STATUS_DONE} END,
       CASE WHEN o.id IS NULL THEN e.error_message ELSE o.error END,
       e.created_at, CASE WHEN o.id IS NULL THEN e.executed_at ELSE %(now)s END
  FROM eval_entries e LEFT JOIN {OUTCOMES} ON o.id = e.id
"""
PENDING_FIRINGS = firings_sql("(SELECT * FROM eval_entries WHERE status = 'pending')")
COUNT_TRIGGERINGS = """
UPDATE automation_rules r SET last_triggered_at = greatest(r.last_triggered_at, %(now)s),
       trigger_count = least(coalesce(trigger_count, 0)::numeric + t.times, 2147483647)
  FROM (SELECT c.rule_id, count(*) AS times FROM eval_transitions t JOIN eval_candidates c USING (n)
         WHERE t.counts GROUP BY c.rule_id) t
 WHERE r.id = t.rule_id
"""

OF_CHUNK = """
SELECT n, condition = 'error' AND starts_with(reason, %(marker)s) FROM eval_candidates
 WHERE n > %(first)s AND n <= %(last)s ORDER BY n
"""
FAIL = """
UPDATE eval_candidates SET verdict = 'failed', cause = %(cause)s, error_policy = 'keep', value = NULL,
       observed_at = NULL, conditions = NULL WHERE n = %(n)s
"""
FAIL_ANEW = """
UPDATE eval_candidates SET condition = 'ok', reason = '', since = NULL, episode = 0, fired_at = NULL,
       last_notified_at = NULL, retry_at = NULL, handling = 'open', handled_until = NULL, silence_id = NULL,
       changes = '{}', pending_for = '0', keep_firing_for = '0', repeat_every = '4 hours' WHERE n = %(n)s
"""


@dataclass(slots=True)
class Recorded:
    """The numbers of stored steps, by kind."""

    changed: int = 0
    triggered: int = 0
    no_data: int = 0
    errors: int = 0
    isolated: Isolated[UUID] = field(default_factory=Isolated)
    events: Counter[str] = field(default_factory=Counter)
    acted: Tally = field(default_factory=Tally)
    acting: float = 0.0  # seconds that actions took

    def add(self, transition: Transition) -> None:
        self.changed += 1
        self.events[transition.event] += 1
        self.triggered += transition.counts
        self.no_data += transition.event == "rule_no_data"
        self.errors += transition.event == "rule_error"

    def __iadd__(self, other: Self) -> Self:
        self.changed += other.changed
        self.triggered += other.triggered
        self.no_data += other.no_data
        self.errors += other.errors
        self.isolated.update(other.isolated)
        self.events.update(other.events)
        self.acted.update(other.acted)
        self.acting += other.acting
        return self


@rarely_collected()
def record(candidates: int, run: UUID, now: datetime) -> Recorded:
    """Step through eval_candidates, store states, entries and counters and execute actions, a transaction per chunk."""
    recorded, budgets = Recorded(), (TimeBudget(), TimeBudget(SECONDS_AGAIN))
    with connection.cursor() as cursor:
        cursor.execute(CREATE_TRANSITIONS_TABLE)
        cursor.execute(CREATE_ENTRIES_TABLE)
    for first in range(0, candidates, TRANSITIONS_PER_QUERY):
        recorded += _record_surely(first, run, now, budgets)
    return recorded


def _record_surely(first: int, run: UUID, now: datetime, budgets: Budgets) -> Recorded:
    """Store a chunk; retry where a rule or a person in it was deleted at the same time, and halve it where a row cannot
    be stored."""
    for _ in range(RETRIES + 1 if budgets[0].seconds > 0 else 1):  # else what fails once will be left
        try:
            with transaction.atomic():
                return _record_chunk(first, first + TRANSITIONS_PER_QUERY, run, now)
        except (IntegrityError, OperationalError) as error:  # a deleted row, or a deadlock
            log.warning("recording again", run=str(run), first=first, error=cause_of(error))
        except InterfaceError:
            raise
        except (DatabaseError, ValueError, OverflowError) as error:
            log.warning("recording by halves", run=str(run), first=first, error=cause_of(error))
            break
    return _record_by_halves(first, run, now, budgets)


def _record_by_halves(first: int, run: UUID, now: datetime, budgets: Budgets) -> Recorded:
    """Store what can be stored; the rest is recorded as failed, with the error. All chunks share one time budget, so
    that an evaluation ends before the next one is due."""
    recorded = Recorded()

    def attempt(some: Sequence[int]) -> None:
        nonlocal recorded
        recorded += _record_chunk(some[0] - 1, some[-1], run, now)

    found = Isolated[int]()
    suspects, others = _split(first)
    for numbers, budget in zip((others, suspects), budgets, strict=True):
        for these in _runs(numbers):
            found.update(budget.isolate(these, attempt))
    for n, cause in found.culprits.items():
        _put_down(n, f"{NOT_EVALUATED}{cause}", attempt)
    recorded.isolated = Isolated(_rules_of(found.culprits), list(_rules_of(dict.fromkeys(found.left, ""))))
    return recorded


def _put_down(n: int, cause: str, attempt: Callable[[Sequence[int]], None]) -> None:
    """Record a failure in place of a step that could not be stored; else a failure without the previous state."""
    for statement in (FAIL, FAIL_ANEW):
        with connection.cursor() as cursor:
            cursor.execute(statement, {"n": n, "cause": cause})
        if not isolate([n], attempt).culprits:
            return


def _split(first: int) -> tuple[set[int], list[int]]:
    """Split a chunk into candidates that failed at the previous evaluation, and the others."""
    with connection.cursor() as cursor:
        cursor.execute(OF_CHUNK, {"first": first, "last": first + TRANSITIONS_PER_QUERY, "marker": NOT_EVALUATED})
        rows = cursor.fetchall()
    return {n for n, suspect in rows if suspect}, [n for n, suspect in rows if not suspect]


def _runs(numbers: Iterable[int]) -> list[list[int]]:
    """Group consecutive numbers."""
    found: list[list[int]] = []
    for n in sorted(numbers):
        if found and found[-1][-1] == n - 1:
            found[-1].append(n)
        else:
            found.append([n])
    return found


def _rules_of(causes: dict[int, str]) -> dict[UUID, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT n, rule_id FROM eval_candidates WHERE n = ANY(%s)", [list(causes)])
        return {rule: causes[n] for n, rule in cursor.fetchall()}


def _record_chunk(first: int, last: int, run: UUID, now: datetime) -> Recorded:
    """Store the candidates after `first` and up to `last`."""
    recorded = Recorded()
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE eval_transitions, eval_entries")
        notifying = [action.kind for action in actions if action.notifies_resolved]
        cursor.execute(FETCH, [notifying, first, last])
        rows = list(_steps(cursor.fetchall(), now, recorded))
        if not rows:
            return recorded
        copy_rows("eval_transitions", list(TRANSITIONS), list(TRANSITIONS.values()), rows)
        params: dict[str, Any] = {
            "now": now, "run": run, "first": first, "last": last, "lasting": LASTING,
        }  # fmt: skip
        cursor.execute(WRITE_STATES, params)
        cursor.execute(MAKE_ENTRIES, params)
        params["outcomes"] = as_parameter(_act(now, recorded))
        cursor.execute(WRITE_ENTRIES, params)
        cursor.execute(COUNT_TRIGGERINGS, params)
    return recorded


def _act(now: datetime, recorded: Recorded) -> Done:
    """Execute the actions of eval_entries; return their outcomes."""
    started = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute(PENDING_FIRINGS)
        done, recorded.acted = perform(cursor.fetchall(), now)
    if done:
        note_outcomes(done, "eval_entries", now)
    recorded.acting = time.perf_counter() - started
    return done


def _steps(rows: list[Any], now: datetime, recorded: Recorded) -> Iterator[tuple[Any, ...]]:
    """The rows of eval_transitions for the candidates that change."""
    interval = evaluation_interval()
    for found in map(Candidate._make, rows):
        transition = step(found.state(), found.observation(), found.timing(interval), now)
        if transition is None:
            continue
        recorded.add(transition)
        after = transition.state
        yield (
            found.n, found.state_id or uuid4(), uuid4(), str(transition.event), str(after.condition), after.reason,
            after.episode, transition.acts, transition.counts, transition.quiet, after.fired_at, after.handling,
            after.silence or None, after.critical, after.flapping, list(after.changes),
        )  # fmt: skip
