"""Stages 4 and 5 of a tick: each candidate takes its step, and what changed is written, chunk by chunk."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from uuid import UUID, uuid4

from django.db import IntegrityError, OperationalError, connection, transaction

from rules.states import State, Timing, Transition, step
from smartagent.copying import copy_rows

CHUNK = 5000
RETRIES = 2
# Rules that were paused or deleted, and people who were deleted, since the candidates were found take no step.
FETCH = """
SELECT c.n, c.verdict, c.cause, c.condition, c.reason, c.since, c.episode, c.last_notified_at, c.handling,
       c.repeat_every, c.no_data_policy, c.state_id, c.retry_at
  FROM tick_candidates c
  JOIN automation_rules r ON r.id = c.rule_id AND r.status = 'active'
  JOIN smartagent_users u ON u.id = c.subject_id
 WHERE c.n > %s AND c.n <= %s
"""
TRANSITIONS = {
    "n": "int8", "state_id": "uuid", "entry_id": "uuid", "event": "text", "new": "text", "reason": "text",
    "episode": "int4", "acts": "bool", "counts": "bool",
}  # fmt: skip
TABLE = f"""
DROP TABLE IF EXISTS tick_transitions;
CREATE TEMP TABLE tick_transitions ({", ".join(f"{name} {kind}" for name, kind in TRANSITIONS.items())})
"""
ENDED = "excluded.condition IN ('ok', 'no_data')"
WRITE_STATES = f"""
INSERT INTO rule_states (id, rule_id, user_id, target, condition, reason, since, value, episode, handling)
SELECT t.state_id, c.rule_id, c.subject_id, c.target, t.new, t.reason, %(now)s, c.value, t.episode, 'open'
  FROM tick_transitions t JOIN tick_candidates c USING (n)
ON CONFLICT (rule_id, user_id, target) DO UPDATE SET
  condition = excluded.condition, reason = excluded.reason, value = excluded.value, episode = excluded.episode,
  since = CASE WHEN rule_states.condition = excluded.condition THEN rule_states.since ELSE excluded.since END,
  handling = CASE WHEN rule_states.episode = excluded.episode THEN rule_states.handling ELSE 'open' END,
  last_notified_at = CASE WHEN {ENDED} THEN NULL ELSE rule_states.last_notified_at END,
  failures = CASE WHEN {ENDED} THEN 0 ELSE rule_states.failures END,
  retry_at = CASE WHEN {ENDED} THEN NULL ELSE rule_states.retry_at END
"""
WRITE_ENTRIES = """
INSERT INTO agent_activity_log (id, user_id, rule_id, run_id, state_id, agent_name, event_type, action_taken, context,
                                status, error_message, created_at, executed_at)
SELECT t.entry_id, c.owner_id, c.rule_id, %(run)s, t.state_id, 'smart_agent', t.event,
       CASE WHEN t.acts THEN r.action_type ELSE 'none' END,
       jsonb_build_object(
         'rule_name', r.rule_name, 'rule_version', v.version, 'metric', r.metric_type, 'value', c.value,
         'threshold', r.threshold_value, 'operator', r.condition_operator, 'target', c.target, 'severity', r.severity,
         'person', c.subject_id, 'observed_at', c.observed_at, 'from', c.condition, 'to', t.new, 'reason', t.reason,
         'episode', t.episode),
       CASE WHEN t.acts THEN 'pending' WHEN t.new = 'error' THEN 'failed' WHEN t.new = 'no_data' THEN 'skipped'
            ELSE 'success' END,
       CASE WHEN t.new = 'error' THEN t.reason END, %(now)s, CASE WHEN t.acts THEN NULL ELSE %(now)s END
  FROM tick_transitions t JOIN tick_candidates c USING (n) JOIN automation_rules r ON r.id = c.rule_id
  LEFT JOIN (SELECT h.id, max(h.history_id) AS version FROM automation_rules_history h
              WHERE h.id IN (SELECT rule_id FROM tick_candidates WHERE n > %(first)s AND n <= %(last)s)
              GROUP BY h.id) v ON v.id = c.rule_id
"""
COUNT_TRIGGERINGS = """
UPDATE automation_rules r SET last_triggered_at = greatest(r.last_triggered_at, %(now)s),
       trigger_count = coalesce(trigger_count, 0) + t.times
  FROM (SELECT c.rule_id, count(*) AS times FROM tick_transitions t JOIN tick_candidates c USING (n)
         WHERE t.counts GROUP BY c.rule_id) t
 WHERE r.id = t.rule_id
"""


@dataclass(slots=True)
class Recorded:
    """How many steps were written, by what they were."""

    changed: int = 0
    triggered: int = 0
    no_data: int = 0
    errors: int = 0

    def add(self, transition: Transition) -> None:
        self.changed += 1
        self.triggered += transition.counts
        self.no_data += transition.event == "rule_no_data"
        self.errors += transition.event == "rule_error"

    def __iadd__(self, other: Self) -> Self:
        self.changed += other.changed
        self.triggered += other.triggered
        self.no_data += other.no_data
        self.errors += other.errors
        return self


def record(candidates: int, run: UUID, now: datetime) -> Recorded:
    """Step through tick_candidates and write states, entries and counters, one transaction per chunk."""
    recorded = Recorded()
    with connection.cursor() as cursor:
        cursor.execute(TABLE)
    for first in range(0, candidates, CHUNK):
        recorded += _record_surely(first, run, now)
    return recorded


def _record_surely(first: int, run: UUID, now: datetime) -> Recorded:
    """Record a chunk; again where a rule or a person in it is deleted at the same time."""
    for _ in range(RETRIES):
        with suppress(IntegrityError, OperationalError), transaction.atomic():  # a key that is gone, or a deadlock
            return _record_chunk(first, run, now)
    with transaction.atomic():
        return _record_chunk(first, run, now)


def _record_chunk(first: int, run: UUID, now: datetime) -> Recorded:
    recorded = Recorded()
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE tick_transitions")
        cursor.execute(FETCH, [first, first + CHUNK])
        rows = list(_steps(cursor.fetchall(), now, recorded))
        if not rows:
            return recorded
        copy_rows("tick_transitions", list(TRANSITIONS), list(TRANSITIONS.values()), rows)
        params: dict[str, Any] = {"now": now, "run": run, "first": first, "last": first + CHUNK}
        for statement in (WRITE_STATES, WRITE_ENTRIES, COUNT_TRIGGERINGS):
            cursor.execute(statement, params)
    return recorded


def _steps(rows: list[Any], now: datetime, recorded: Recorded) -> Iterator[tuple[Any, ...]]:
    for n, verdict, cause, condition, reason, since, episode, acted, handling, repeat, policy, state_id, retry in rows:
        state = State(condition, reason, since, episode, acted, handling, retry)
        transition = step(state, verdict, Timing(repeat, policy), now, cause)
        if transition is None:
            continue
        recorded.add(transition)
        yield (
            n, state_id or uuid4(), uuid4(), str(transition.event), str(transition.new), transition.reason,
            transition.episode, transition.acts, transition.counts,
        )  # fmt: skip
