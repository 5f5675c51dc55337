"""The story of an escalation.

1. A rule that names a policy fires: for each instance the policy's steps, as they then are, are put on their way, once
   an episode. Where it had stopped and the rule acts again, since an acknowledgement has run out, they begin anew.
2. It stops by itself where the instance is acknowledged, snoozed or over, or the rule is paused; while a silence covers
   it, it waits.
3. What is due tells the recipients of its step: one message for all instances of a rule, and an entry in the story of
   each. Then it waits for the next step, or is over.
"""

import json
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from psycopg.types.json import Jsonb

from notifications.escalations.messages import DueStep, messages_of, step_context
from notifications.escalations.steps import after, begin_at, read
from notifications.gateway import Message, post
from notifications.models import EscalationPolicy
from notifications.routing.grouping import facts, sentence
from notifications.routing.recipients import Directory
from notifications.templating.rule_texts import plain_title
from rules.actions import Firing
from rules.authority import may_notify_others
from rules.engine.evaluated_rules import ACTING_SQL
from rules.engine.open_alerts import open_sql

STARTING_EVENTS = {"rule_fired", "rule_repeated", "rule_escalated", "rule_unsilenced", "rule_reminded", "rule_flapping"}
ESCALATIONS_PER_BATCH = 2000
BEGIN = """
INSERT INTO escalations AS e (id, policy_id, policy_name, rule_id, state_id, entry_id, episode, steps, repeats, title,
                              message, severity, metadata, due_at, created_at)
SELECT gen_random_uuid(), b.policy, b.policy_name, b.rule, s.id, b.entry, s.episode, b.steps, b.repeats, b.title,
       b.message, b.severity, b.metadata, b.due_at, %(now)s
  FROM jsonb_to_recordset(%(rows)s) AS b (policy uuid, policy_name text, rule uuid, state uuid, entry uuid, steps jsonb,
                                          repeats int, title text, message text, severity text, metadata jsonb,
                                          due_at timestamptz, anew boolean)
  JOIN rule_states s ON s.id = b.state
ON CONFLICT (state_id, episode) DO UPDATE
   SET status = 'running', step = 0, round = 0, steps = excluded.steps, repeats = excluded.repeats, cause = '',
       policy_id = excluded.policy_id, policy_name = excluded.policy_name, entry_id = excluded.entry_id,
       message = excluded.message, severity = excluded.severity, metadata = excluded.metadata,
       due_at = excluded.due_at, ended_at = NULL
 WHERE e.status = 'stopped'
"""
OPEN_EPISODE_SQL = f"""s.episode = e.episode AND s.handling = 'open' AND {ACTING_SQL}
      AND {open_sql()}"""
FROM = """escalations e JOIN rule_states s ON s.id = e.state_id JOIN automation_rules r ON r.id = e.rule_id
      JOIN smartagent_users o ON o.id = r.user_id LEFT JOIN smartagent_users h ON h.id = s.handled_by_id"""
STOP = f"""
UPDATE escalations SET status = 'stopped', due_at = NULL, ended_at = %(now)s, cause = stopped.cause
  FROM (SELECT e.id, CASE WHEN s.episode <> e.episode OR NOT {open_sql()}
                            THEN 'It has resolved.'
                          WHEN s.handling = 'open' THEN 'The rule is paused.'
                          ELSE initcap(s.handling) || ' by ' || coalesce(nullif(h.full_name, ''), h.email, 'somebody')
                               || '.' END AS cause
          FROM {FROM} WHERE e.status = 'running' AND NOT ({OPEN_EPISODE_SQL}) FOR UPDATE OF e SKIP LOCKED) AS stopped
 WHERE escalations.id = stopped.id
"""
DUE_ESCALATIONS_SQL = f"""
SELECT e.id, e.rule_id, r.user_id, e.policy_name, e.steps, e.repeats, e.step, e.round, e.title, e.message, e.severity,
       e.metadata, e.created_at
  FROM {FROM} WHERE e.status = 'running' AND e.due_at <= %(now)s AND s.silence_id IS NULL AND {OPEN_EPISODE_SQL}
 ORDER BY e.due_at, e.id LIMIT %(limit)s FOR UPDATE OF e SKIP LOCKED
"""
MOVE = """
UPDATE escalations e
   SET step = m.step, round = m.round, due_at = m.due_at,
       status = CASE WHEN m.due_at IS NULL THEN 'finished' ELSE e.status END,
       cause = CASE WHEN m.due_at IS NULL THEN 'All steps are done.' ELSE '' END,
       ended_at = CASE WHEN m.due_at IS NULL THEN %(now)s::timestamptz END
  FROM jsonb_to_recordset(%(rows)s) AS m (id uuid, step int, round int, due_at timestamptz) WHERE e.id = m.id
"""
INSERT_ESCALATION_ENTRIES = """
INSERT INTO agent_activity_log (user_id, rule_id, state_id, agent_name, event_type, action_taken, context, status,
                                error_message, created_at, executed_at)
SELECT r.user_id, r.id, s.id, 'escalation', m.event, 'none',
       jsonb_build_object(
         'rule_name', r.rule_name, 'metric', r.metric_type, 'value', s.value, 'threshold', r.threshold_value,
         'operator', r.condition_operator, 'target', s.target, 'severity', e.severity, 'person', s.user_id,
         'from', s.condition, 'to', s.condition, 'episode', s.episode, 'policy', e.policy_name) || m.context,
       CASE WHEN m.problem = '' THEN 'success' ELSE 'failed' END, nullif(m.problem, ''), %(now)s, %(now)s
  FROM jsonb_to_recordset(%(rows)s) AS m (id uuid, event text, context jsonb, problem text)
  JOIN escalations e ON e.id = m.id JOIN rule_states s ON s.id = e.state_id JOIN automation_rules r ON r.id = e.rule_id
"""


def begin(firings: Iterable[Firing], free: Collection[UUID]) -> set[str]:
    """Start the escalation policies of these firings, in the current transaction; return the names of policies that do
    not exist, or that belong to somebody else while the rule is not among `free`, which may notify others."""
    named = [
        firing
        for firing in firings
        if firing.state_id and firing.event in STARTING_EVENTS and firing.config.get("escalation")
    ]
    if not named:
        return set()
    usable = _usable(named, free)
    rows = [_begun(firing, policy) for firing in named if (policy := usable(firing))]
    _execute(BEGIN, [row for row in rows if row], named[0].now)
    return {str(firing.config["escalation"]) for firing in named if not usable(firing)}


def _usable(named: Sequence[Firing], free: Collection[UUID]) -> Callable[[Firing], EscalationPolicy | None]:
    """The policy that a firing names, where it belongs to the rule's owner or the rule is one of `free`."""
    names = {str(firing.config["escalation"]) for firing in named}
    policies = {policy.name: policy for policy in EscalationPolicy.objects.filter(name__in=names)}

    def usable(firing: Firing) -> EscalationPolicy | None:
        policy = policies.get(str(firing.config["escalation"]))
        return policy if policy and (policy.user_id == firing.owner_id or firing.rule_id in free) else None

    return usable


def missing_policy(name: str, maker: Any) -> str:
    """The problem with a policy's name as `maker` writes it; empty where they may name it."""
    visible = EscalationPolicy.objects.visible_to(maker)
    if visible.filter(name=name).exists():
        return ""
    known = ", ".join(visible.order_by("name").values_list("name", flat=True)[:10]) or "none yet"
    return f"Unknown escalation policy “{name[:80]}”. Available: {known}."


def escalate(now: datetime) -> int:
    """Stop escalations that are over, and run due steps; return the number of steps."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(STOP, {"now": now})
        cursor.execute(DUE_ESCALATIONS_SQL, {"now": now, "limit": ESCALATIONS_PER_BATCH})
        due = [_due(row) for row in cursor.fetchall()]
        if due:
            _notify(due, now)
    return len(due)


def _due(row: tuple[Any, ...]) -> DueStep:
    found = DueStep(*row)
    return found._replace(steps=read(json.loads(row[4])), facts=json.loads(row[11]))  # Django gives JSON as text


def _begun(firing: Firing, policy: EscalationPolicy) -> dict[str, Any] | None:
    steps = read(policy.steps)
    if not steps:
        return None
    return {
        "policy": str(policy.pk), "policy_name": policy.name, "rule": str(firing.rule_id),
        "state": str(firing.state_id), "entry": str(firing.entry_id), "repeats": policy.repeats,
        "steps": [step.kept() for step in steps], "title": plain_title(firing),
        "message": sentence(firing), "severity": firing.severity, "metadata": facts([firing]),
        "due_at": begin_at(steps, firing.now).due_at.isoformat(),
    }  # fmt: skip


def _notify(due: Sequence[DueStep], now: datetime) -> None:
    directory = Directory((one.owner, one.to) for one in due)
    free = may_notify_others({one.rule for one in due})
    messages: list[Message] = []
    moves: list[dict[str, Any]] = []
    entries: list[dict[str, Any]] = []
    for _, same in groupby(sorted(due, key=lambda one: one.together), key=lambda one: one.together):
        group = list(same)
        first = group[0]
        recipients = directory.find(first.owner, first.to, others=first.rule in free)
        messages += messages_of(group, recipients, now)
        following = after(first.steps, first.repeats, first.step, first.round, now)
        context = step_context(first)
        for one in group:
            entries.append(
                {"id": str(one.id), "event": "escalation_step", "context": context, "problem": recipients.problem}
            )
            if following is None:
                entries.append({"id": str(one.id), "event": "escalation_over", "context": {}, "problem": ""})
            moves.append({
                "id": str(one.id), "step": following.step if following else one.step,
                "round": following.round if following else one.round,
                "due_at": following.due_at.isoformat() if following else None,
            })  # fmt: skip
    post(messages, now)
    _execute(INSERT_ESCALATION_ENTRIES, entries, now)
    _execute(MOVE, moves, now)


def _execute(sql: str, rows: list[dict[str, Any]], now: datetime) -> None:
    if rows:
        with connection.cursor() as cursor:
            params: dict[str, Any] = {"rows": Jsonb(rows), "now": now}
            cursor.execute(sql, params)
