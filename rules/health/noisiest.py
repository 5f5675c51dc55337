"""The noisiest rules: how often they fired and notified in the last days."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from rules.health.check import owner_of
from rules.registries import actions

WEEK, MONTH = 7, 30
MAX_NOISIEST_RULES = 10
# A successful entry of a notifying action counts as a notification.
NOTIFIED = "status = 'success' AND action_taken = ANY(%(notifying)s)"
FIRED = "event_type IN ('rule_fired', 'rule_flapping')"
NOTIFICATION_COUNTS_SQL = f"""
SELECT rule_id, count(*) FILTER (WHERE created_at > %(week)s AND {NOTIFIED}) AS notified_week,
       count(*) FILTER (WHERE {NOTIFIED}) AS notified_month,
       count(*) FILTER (WHERE created_at > %(week)s AND {FIRED}) AS fired_week,
       count(*) FILTER (WHERE {FIRED}) AS fired_month
  FROM agent_activity_log
 WHERE created_at > %(month)s AND created_at <= %(now)s AND rule_id IS NOT NULL
   AND (({NOTIFIED}) OR ({FIRED})) {{scope}}
 GROUP BY rule_id
"""
# Entries keep the owner at their time; where a rule has changed hands, its present owner decides too.
RANKED = f"""
SELECT r.id, r.rule_name, coalesce(nullif(u.full_name, ''), u.email),
       notified_week, notified_month, fired_week, fired_month
  FROM ({NOTIFICATION_COUNTS_SQL}) AS counts JOIN automation_rules r ON r.id = counts.rule_id AND r.deleted_at IS NULL
  JOIN smartagent_users u ON u.id = r.user_id
 WHERE (%(owner)s::uuid IS NULL OR r.user_id = %(owner)s) AND notified_{{span}} + fired_{{span}} > 0
 ORDER BY notified_{{span}} DESC, fired_{{span}} DESC, r.rule_name, r.id LIMIT %(maximum)s
"""
RULES_OF_OWNER_SQL = "AND rule_id IN (SELECT id FROM automation_rules WHERE user_id = %(owner)s)"
OF_RULE = "AND rule_id = %(rule)s"


@dataclass(frozen=True, slots=True)
class Noise:
    """How often a rule notified and fired, in 7 and in 30 days."""

    notified_week: int = 0
    notified_month: int = 0
    fired_week: int = 0
    fired_month: int = 0

    def notified(self, days: int) -> int:
        return self.notified_week if days == WEEK else self.notified_month

    def fired(self, days: int) -> int:
        return self.fired_week if days == WEEK else self.fired_month


@dataclass(frozen=True, slots=True)
class NoisyRule:
    """One of the rules with the most notifications."""

    id: UUID
    name: str
    owner: str
    noise: Noise


def noisiest(user: Any, now: datetime, days: int = MONTH, maximum: int = MAX_NOISIEST_RULES) -> list[NoisyRule]:
    """The rules visible to `user` that notified and fired most in the last 7 or 30 `days`."""
    owner_id = owner_of(user)
    sql = RANKED.format(scope=RULES_OF_OWNER_SQL if owner_id else "", span="week" if days == WEEK else "month")
    rows = _ask(sql, now, owner=owner_id, maximum=maximum)
    return [NoisyRule(rule, name, owner, Noise(*counts)) for rule, name, owner, *counts in rows]


def noise_of(rule: UUID, now: datetime) -> Noise:
    """The counts of one rule."""
    rows = _ask(NOTIFICATION_COUNTS_SQL.format(scope=OF_RULE), now, rule=rule)
    return Noise(*rows[0][1:]) if rows else Noise()


def _ask(sql: str, now: datetime, **params: Any) -> Sequence[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params | _spans(now))
        return list(cursor.fetchall())


def _spans(now: datetime) -> dict[str, Any]:
    notifying = [action.kind for action in actions if action.notifies_resolved]
    return {
        "now": now,
        "week": now - timedelta(days=WEEK),
        "month": now - timedelta(days=MONTH),
        "notifying": notifying,
    }
