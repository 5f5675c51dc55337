"""Handling of alerts by people: acknowledge, snooze, comment, assign, resolve by hand, reopen; one or many at once.

Each is a conditional UPDATE and an activity entry per instance, with person and time, in one transaction. Instances
that have changed meanwhile are skipped, and not counted. When an acknowledgement or a snooze ends while the instance
still fires, the next evaluation notifies again (`rules.engine.state_machine`).
"""

import json
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection, transaction

from rules.engine.open_alerts import open_sql
from rules.models import RuleState
from rules.models.querysets import StateQuerySet
from smartagent.kernel.scope import has_everyone

ACKNOWLEDGED_FOR = timedelta(hours=24)
MAX_HANDLING = timedelta(days=30)
MORNING = time(9)
BY_HAND = "resolved manually"
SNOOZE_DURATIONS = {
    "30m": timedelta(minutes=30),
    "1h": timedelta(hours=1),
    "4h": timedelta(hours=4),
    "24h": timedelta(hours=24),
}

FIRES_SQL = open_sql()
INSERT_HANDLING_ENTRIES = """
INSERT INTO agent_activity_log (user_id, rule_id, state_id, agent_name, event_type, action_taken, context, status,
                                created_at, executed_at)
SELECT r.user_id, r.id, s.id, 'person', %(event)s, 'none',
       jsonb_build_object(
         'rule_name', r.rule_name, 'metric', r.metric_type, 'value', s.value, 'threshold', r.threshold_value,
         'operator', r.condition_operator, 'target', s.target, 'severity', r.severity, 'person', s.user_id,
         'from', o.condition, 'to', s.condition, 'handling', o.handling, 'episode', s.episode) || %(details)s::jsonb,
       'success', %(now)s, %(now)s
  FROM handled s JOIN old o ON o.id = s.id JOIN automation_rules r ON r.id = s.rule_id
"""
HANDLE = """
WITH old AS (SELECT s.id, s.condition, s.handling FROM rule_states s
              WHERE s.id = ANY(%(ids)s) AND {possible} ORDER BY s.id FOR UPDATE),
     handled AS (UPDATE rule_states s SET {change} FROM old WHERE s.id = old.id RETURNING s.*)
"""


@dataclass(frozen=True, slots=True)
class Verb:
    """A verb of handling: its event in the log, the instances it applies to, and its changes."""

    event: str
    possible: str
    change: str


HANDLED_SQL = "handling = %(handling)s, handled_by_id = %(by)s, handled_until = %(until)s"
REOPENED_SQL = "handling = 'open', handled_by_id = NULL, handled_until = NULL"
ENDED_SQL = f"""condition = 'ok', reason = '{BY_HAND}', since = %(now)s, fired_at = NULL, last_notified_at = NULL,
    retry_at = NULL, failures = 0, critical = false, flapping = false, silence_id = NULL, {REOPENED_SQL}"""
BACK = f"condition = 'firing', reason = 'reopened', since = %(now)s, fired_at = %(now)s, {REOPENED_SQL}"
ACKNOWLEDGE = Verb("instance_acknowledged", FIRES_SQL, HANDLED_SQL)
SNOOZE = Verb("instance_snoozed", FIRES_SQL, HANDLED_SQL)
COMMENT_VERB = Verb("instance_commented", "true", "value = s.value")
ASSIGN = Verb("instance_assigned", "s.assignee_id IS DISTINCT FROM %(assignee)s", "assignee_id = %(assignee)s")
UNASSIGN = Verb("instance_unassigned", "s.assignee_id IS NOT NULL", "assignee_id = NULL")
RESOLVE_VERB = Verb("instance_resolved", FIRES_SQL, ENDED_SQL)
REOPEN = Verb("instance_reopened", f"s.handling <> 'open' AND {FIRES_SQL}", REOPENED_SQL)
TAKE_BACK = Verb("instance_reopened", f"s.condition = 'ok' AND s.reason = '{BY_HAND}'", BACK)


def acknowledge(states: StateQuerySet, by: Any, now: datetime, until: datetime | None = None, comment: str = "") -> int:
    """Pause the repeats of firing instances, for a day or until `until`; return how many were changed."""
    until = until or now + ACKNOWLEDGED_FOR
    return _handle(ACKNOWLEDGE, states, by, now, {"handling": "acknowledged", "until": until}, comment)


def snooze(states: StateQuerySet, by: Any, now: datetime, until: datetime, comment: str = "") -> int:
    """Mute firing instances until `until`; return how many were changed."""
    return _handle(SNOOZE, states, by, now, {"handling": "snoozed", "until": until}, comment)


def comment_on(states: StateQuerySet, by: Any, now: datetime, comment: str) -> int:
    """Add a comment to the timeline of each instance; return their number."""
    return _handle(COMMENT_VERB, states, by, now, {}, comment)


def assign(states: StateQuerySet, by: Any, now: datetime, person: Any, comment: str = "") -> int:
    """Set the assignee; None for nobody. Return how many were changed."""
    verb = ASSIGN if person else UNASSIGN
    return _handle(verb, states, by, now, {"assignee": person.pk if person else None}, comment, person)


def resolve(states: StateQuerySet, by: Any, now: datetime, comment: str = "") -> int:
    """End the episodes of firing instances; where the condition is still met, the next evaluation begins new ones.
    Return how many were changed."""
    return _handle(RESOLVE_VERB, states, by, now, {}, comment)


def reopen(states: StateQuerySet, by: Any, now: datetime, comment: str = "") -> int:
    """End an acknowledgement or snooze, or undo a resolution by hand where nothing has happened since; return how many
    were changed."""
    with transaction.atomic():
        opened = _handle(REOPEN, states, by, now, {}, comment)
        return opened + _handle(TAKE_BACK, states, by, now, {}, comment)


def may_look_after(person: Any, state: RuleState) -> bool:
    """Whether `person` may see the rule of `state`, and so can be its assignee."""
    return bool(person.is_active and (state.rule.user_id == person.pk or has_everyone(person, "view")))


def seen_by(person: Any, states: StateQuerySet) -> StateQuerySet:
    """Those of `states` that can be assigned to `person`."""
    if not person.is_active:
        return states.none()
    return states if has_everyone(person, "view") else states.filter(rule__user=person)


def next_working_morning(now: datetime, zone: ZoneInfo) -> datetime:
    """The next 09:00 of a Monday to Friday after `now`, in the time zone."""
    here = now.astimezone(zone)
    for days in range(8):
        morning = datetime.combine(here.date() + timedelta(days=days), MORNING, zone)
        if morning.weekday() < 5 and morning > now:
            return morning
    raise AssertionError("a week has working days")


def until_of(text: str, now: datetime, zone: ZoneInfo) -> datetime:
    """The end of a snooze of `30m`, `1h`, `4h`, `24h` or `morning`; ValueError for other texts."""
    if text == "morning":
        return next_working_morning(now, zone)
    if text not in SNOOZE_DURATIONS:
        raise ValueError(f"“{text[:40]}” is not a snooze duration. Available: {', '.join(SNOOZE_DURATIONS)}, morning.")
    return now + SNOOZE_DURATIONS[text]


def check_until(until: datetime, now: datetime) -> datetime:
    """Return `until` where it is a valid end of a snooze; ValueError with what is allowed."""
    if not now < until <= now + MAX_HANDLING:
        raise ValueError(f"The time must be in the future, at most {MAX_HANDLING.days} days from now.")
    return until


def _handle(
    verb: Verb,
    states: StateQuerySet,
    by: Any,
    now: datetime,
    values: dict[str, Any],
    comment: str = "",
    whom: Any = None,
) -> int:
    until = values.get("until")
    context = {
        "by": str(by.pk), "by_name": str(by), "comment": comment.strip(), "until": until and until.isoformat(),
        "assignee": whom and str(whom),
    }  # fmt: skip
    params = {
        "ids": _ids(states), "by": by.pk, "now": now, "event": verb.event,
        "details": json.dumps({name: each for name, each in context.items() if each}),
    } | values  # fmt: skip
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(HANDLE.format(possible=verb.possible, change=verb.change) + INSERT_HANDLING_ENTRIES, params)
        return int(cursor.rowcount)


def _ids(states: StateQuerySet) -> list[UUID]:
    return list(states.order_by().values_list("pk", flat=True))
