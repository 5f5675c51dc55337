"""Rows for benchmarks of evaluations: people with ten rules each, on built-in and pushed metrics."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from rules.models.audit import entries_may_change

RULES_PER_PERSON = 10
INSERT_PEOPLE = (
    """INSERT INTO smartagent_users (id, email, full_name, password, is_superuser, is_active, is_staff, time_zone)
       SELECT gen_random_uuid(), 'person' || n || '@example.com', 'Person ' || n, '!', false, true, false, 'UTC'
         FROM generate_series(1, %(people)s) n""",
    """INSERT INTO metric_series (user_id, metric)
       SELECT id, 'pushed_' || k FROM smartagent_users, generate_series(1, 5) k""",
    """INSERT INTO metric_samples (series_id, observed_at, value)
       SELECT id, %(now)s::timestamptz - interval '1 minute' * m, 50 FROM metric_series, generate_series(1, 3) m""",
    """INSERT INTO fusion_scores (user_id, fusion_score, calculated_at)
       SELECT id, 50, %(now)s::timestamptz - interval '1 minute' FROM smartagent_users""",
    """INSERT INTO integrations (user_id, integration_type, status)
       SELECT id, 'slack', 'inactive' FROM smartagent_users""",
    """INSERT INTO fusion_optimization_events (user_id, source_event_type, optimization_action, efficiency_index,
                                               status, created_at)
       SELECT id, 'bench', 'pre_tune', 50, 'applied', %(now)s::timestamptz - interval '1 minute'
         FROM smartagent_users""",
    """INSERT INTO automation_rules (user_id, rule_name, metric_type, condition_operator, threshold_value, action_type)
       SELECT id, 'Rule ' || k,
              (ARRAY['pushed_1', 'pushed_2', 'pushed_3', 'pushed_4', 'pushed_5', 'fusion_score', 'integration_health',
                     'efficiency_index', 'fusion_score', 'efficiency_index'])[k], '>', 1000, 'alert'
         FROM smartagent_users, generate_series(1, %(rules_per_person)s) k LIMIT %(rules)s""",
)
BREAK = """UPDATE automation_rules SET threshold_value = 10
            WHERE id IN (SELECT id FROM automation_rules ORDER BY id LIMIT %s)"""


def make_rules(rules: int, now: datetime) -> None:
    """Create `rules` rules and readings, none of which breaches a condition."""
    people = -(-rules // RULES_PER_PERSON)
    params: dict[str, Any] = {"people": people, "rules": rules, "rules_per_person": RULES_PER_PERSON, "now": now}
    with connection.cursor() as cursor:
        for statement in INSERT_PEOPLE:
            cursor.execute(statement, params)
        cursor.execute("VACUUM ANALYZE")


def make_people(people: int) -> UUID:
    """Create `people` people and nothing else; return the id of one of them."""
    with connection.cursor() as cursor:
        cursor.execute(INSERT_PEOPLE[0], {"people": people})
        cursor.execute("SELECT id FROM smartagent_users LIMIT 1")
        return UUID(str(cursor.fetchone()[0]))


def break_rules(count: int) -> None:
    """Lower the thresholds of `count` rules below their readings."""
    with connection.cursor() as cursor:
        cursor.execute(BREAK, [count])
        cursor.execute("VACUUM ANALYZE automation_rules")


def forget_everything_that_happened() -> None:
    """Delete instances, runs, entries and notifications, as if nothing had ever fired."""
    with entries_may_change("bench"), connection.cursor() as cursor:  # and what hangs on them
        cursor.execute("TRUNCATE rule_states, agent_activity_log, audit_unsealed, notifications CASCADE")
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE automation_rules")
