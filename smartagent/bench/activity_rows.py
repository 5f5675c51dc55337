"""The rows of an installation that has run for ninety days: people, rules, instances, runs, and the activity log.

Everything is set-based SQL. Frequencies are skewed: a few rules and people have most of the entries. Times are those of
evaluations, every five minutes, so that many entries have the same; the table is filled in the order of time.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from rules.models import EntryCount
from smartagent.bench.activity_context import CONTEXT
from smartagent.bench.activity_steps import EPISODE_KINDS, entries_per_episode
from smartagent.bench.bare_table import bare
from smartagent.kernel.bulk_copy import copy_rows

SUBJECTS, SHARED_RULES, OWN_RULES = 400, 80, 320
RUNS = 90 * 24 * 12
SPARE = 1.03  # episodes beyond what is needed; the oldest entries that are too many are left out
MOST_EPISODES = RUNS // 6  # of one instance
ADMIN_EMAIL = "ada@example.com"

# Sorts and indexes of millions of rows; nothing is kept for long.
SETTINGS_OF_SESSION = (
    "SET work_mem = '256MB'", "SET maintenance_work_mem = '1GB'", "SET synchronous_commit = off",
    "SET enable_mergejoin = off", "SET enable_nestloop = off",
)  # fmt: skip
MAKE_PEOPLE = """
CREATE TEMP TABLE bench_people AS
SELECT n, gen_random_uuid() AS id,
       (ARRAY['Ines','Alice','Bob','Olga','Audra','Jonas','Mira','Tomas','Lena','Farid'])[1 + n % 10] || ' ' ||
       (ARRAY['Duarte','Berg','Costa','Dahl','Evers','Faure','Gallo','Hahn','Ilic','Jansen','Kaya','Lund','Moreau',
              'Nagy','Okafor','Price','Quist','Rossi','Silva','Toth'])[1 + n / 10 % 20] ||
       CASE WHEN n < 200 THEN '' ELSE ' jr.' END AS name
  FROM generate_series(1, {people}) n;
INSERT INTO smartagent_users (id, email, full_name, password, is_superuser, is_active, is_staff, time_zone)
SELECT id, 'person' || n || '@example.com', name, '!', false, true, false, 'Europe/Berlin' FROM bench_people
UNION ALL SELECT gen_random_uuid(), '{admin}', 'Ada Admin', '!', true, true, true, 'Europe/Berlin';
INSERT INTO integrations (user_id, integration_type, status, last_sync_at)
SELECT p.id, t.name, CASE WHEN p.n % 20 = t.n THEN 'error' ELSE 'active' END, now()
  FROM bench_people p, unnest(ARRAY['gmail', 'slack', 'trello', 'outlook']) WITH ORDINALITY t (name, n);
"""
MAKE_RULES = """
CREATE TEMP TABLE bench_rules AS
SELECT s.n, gen_random_uuid() AS id, p.id AS owner_id, s.n <= {shared} AS shared,
       m.label || ' ' || s.n AS name, m.metric, m.operator, m.threshold, m.targeted,
       (ARRAY['medium','medium','medium','low','low','high','medium'])[1 + s.n % 7] AS severity,
       (ARRAY['alert','alert','notify','alert','log','optimize'])[1 + s.n % 6] AS action
  FROM (SELECT generate_series(1, {shared} + {own}) AS n) s
  JOIN bench_people p ON p.n = 1 + s.n * 7 % {people}
  JOIN (VALUES (0, 'Fusion score is low', 'fusion_score', '<', 55, false),
               (1, 'CPU is busy', 'cpu_percent', '>', 85, false),
               (2, 'Latency is high', 'latency_ms', '>', 500, false),
               (3, 'Queue is growing', 'queue_depth', '>=', 100, false),
               (4, 'Errors pile up', 'integration_error_count', '>=', 5, true),
               (5, 'Many anomalies', 'anomaly_count', '>', 4, false),
               (6, 'Disk is filling up', 'disk_percent', '>', 90, false)
       ) m (k, label, metric, operator, threshold, targeted) ON m.k = s.n % 7;
INSERT INTO automation_rules (id, user_id, rule_name, metric_type, condition_operator, threshold_value, action_type,
                              severity, applies_to, last_triggered_at, trigger_count, created_at)
SELECT id, owner_id, name, metric, operator, threshold, action, severity,
       CASE WHEN shared THEN 'everyone' ELSE 'owner' END, now(), 10, now() - interval '91 days' FROM bench_rules;
"""
RUN_ROWS = """
CREATE TEMP TABLE bench_runs AS
SELECT n, gen_random_uuid() AS id, %(now)s::timestamptz - ({runs} - n) * interval '5 minutes' AS at
  FROM generate_series(0, {runs}) n;
INSERT INTO dispatch_runs (id, trigger, outcome, evaluated_at, started_at, finished_at, rules_evaluated, instances,
                           triggered, succeeded, failed, no_data, errors, stage_ms)
SELECT id, 'schedule', 'completed', at, at, at + interval '2 seconds', {shared} + {own}, 30000, 40, 40, 0, 0, 0,
       '{{"readings": 120, "candidates": 300, "record": 900, "execute": 400}}' FROM bench_runs;
"""
# An instance's share of the episodes falls with the number of its rule and of its person.
MAKE_INSTANCES = """
CREATE TEMP TABLE bench_instances AS
WITH weighted AS (
    SELECT gen_random_uuid() AS id, r.n AS rule, p.n AS person, power(r.n, -0.9) * power(p.n, -0.5) AS weight,
           CASE WHEN r.targeted THEN (ARRAY['gmail','slack','trello','outlook'])[1 + (r.n + p.n * p.n) %% 4] ELSE ''
           END AS target
      FROM bench_rules r JOIN bench_people p ON r.shared OR p.id = r.owner_id)
SELECT *, least(floor(weight * %(episodes)s / sum(weight) OVER () + random()), {most})::int AS episodes FROM weighted;
"""
# Each episode of an instance has a part of the ninety days for itself, and lasts for some of it.
MAKE_EPISODES = """
CREATE TEMP TABLE bench_kinds AS
SELECT name, sum(share) OVER (ORDER BY n) - share AS low, sum(share) OVER (ORDER BY n) AS high
  FROM (SELECT name, n, share / sum(share) OVER () AS share FROM bench_shares) s;
CREATE TEMP TABLE bench_episodes AS
SELECT i.id AS state, i.rule, i.person, i.target, e AS episode, random() AS luck,
       floor((e - 0.99 + random() * 0.3) * {runs} / i.episodes)::int AS start,
       ceil(least((0.15 + random() * 0.5) * {runs} / i.episodes, 600))::int AS length,
       e = i.episodes AND random() < 0.02 AS open, random() AS depth
  FROM bench_instances i, generate_series(1, i.episodes) e;
CREATE TEMP TABLE bench_entries AS
SELECT gen_random_uuid() AS id, e.state, e.rule, e.person, e.target, e.episode, e.depth, k.name AS kind,
       s.event, s.event ~ '^rule_' AS evaluated,
       least({runs}, e.start + CASE WHEN s.fraction = 1 THEN e.length ELSE floor(s.fraction * e.length) END)::int
       AS run,
       CASE WHEN s.event ~ '^rule_' THEN 0 ELSE 20 + e.luck * 200 END AS seconds
  FROM bench_episodes e JOIN bench_kinds k ON e.luck >= k.low AND e.luck < k.high JOIN bench_steps s ON s.kind = k.name
 WHERE NOT (e.open AND s.event = 'rule_resolved');
"""
COUNT_ENTRIES = "SELECT count(*) FROM bench_entries"
LOG = f"""
INSERT INTO agent_activity_log (id, user_id, rule_id, run_id, state_id, agent_name, event_type, action_taken, context,
                                status, error_message, created_at, executed_at)
SELECT id, owner_id, rule_id, CASE WHEN evaluated THEN run_id END, state,
       CASE WHEN evaluated THEN 'smart_agent' WHEN event ~ '^inst' THEN 'person' ELSE 'optimizer' END, event,
       CASE WHEN acts THEN action ELSE 'none' END, {CONTEXT}, status,
       CASE WHEN status = 'failed' AND event = 'rule_error' THEN reason
            WHEN status = 'failed' THEN 'The channel “Operations” refused the message: 503 Service Unavailable.'
            WHEN kind = 'silenced' AND status = 'skipped' THEN 'Silenced by “Database upgrade” of Olga Berg.'
            WHEN status = 'skipped' THEN 'no data' END, at, at
  FROM (SELECT e.*, r.id AS rule_id, r.owner_id, r.name AS rule_name, r.metric, r.operator, r.threshold, r.severity,
               r.action, p.id AS person_id, n.id AS run_id, n.at + e.seconds * interval '1 second' AS at,
               e.event IN ('rule_fired', 'rule_repeated', 'rule_escalated', 'rule_retried', 'rule_unsilenced',
                           'rule_silenced', 'rule_flapping') AS acts,
               CASE WHEN e.event = 'rule_error' OR (e.kind = 'failed' AND e.event = 'rule_fired') THEN 'failed'
                    WHEN e.event IN ('rule_no_data', 'rule_silenced') THEN 'skipped' ELSE 'success' END AS status,
               CASE WHEN e.event = 'rule_error' THEN 'TimeoutError: no answer within 30 s.'
                    WHEN e.event = 'rule_no_data' THEN 'no data' ELSE '' END AS reason
          FROM (SELECT * FROM bench_entries ORDER BY run, seconds OFFSET %(surplus)s) e
          JOIN bench_rules r ON r.n = e.rule JOIN bench_people p ON p.n = e.person
          JOIN bench_runs n ON n.n = e.run) AS e
"""
STATES = """
INSERT INTO rule_states (id, rule_id, user_id, target, condition, reason, since, value, episode, fired_at,
                         last_notified_at, critical, changes, handling)
SELECT i.id, r.id, p.id, i.target, CASE WHEN open THEN 'firing' ELSE 'ok' END, '', n.at,
       r.threshold * (0.5 + e.depth), i.episodes, CASE WHEN open THEN n.at END, CASE WHEN open THEN n.at END,
       open AND luck > 0.99, '{{}}', CASE WHEN open AND luck BETWEEN 0.58 AND 0.73 THEN 'acknowledged' ELSE 'open' END
  FROM bench_instances i JOIN bench_rules r ON r.n = i.rule JOIN bench_people p ON p.n = i.person
  JOIN (SELECT DISTINCT ON (state) * FROM bench_episodes ORDER BY state, episode DESC) e ON e.state = i.id
  JOIN bench_runs n ON n.n = least(e.start + CASE WHEN open THEN 0 ELSE e.length END, {runs});
"""
NOTIFICATIONS = """
INSERT INTO notifications (id, user_id, rule_id, type, title, message, severity, status, metadata, created_at, read_at)
SELECT md5(id::text)::uuid, user_id, rule_id, CASE action_taken WHEN 'alert' THEN 'alert' ELSE 'notify' END,
       context->>'rule_name', 'The reading is ' || (context->>'value'), context->>'severity',
       CASE WHEN left(id::text, 1) < 'c' THEN 'read' ELSE 'unread' END,
       jsonb_build_object('rule', rule_id, 'entry', id, 'event', event_type, 'metric', context->'metric',
                          'value', context->'value', 'threshold', context->'threshold', 'state', state_id),
       created_at, CASE WHEN left(id::text, 1) < 'c' THEN created_at + interval '9 minutes' END
  FROM agent_activity_log
 WHERE status = 'success' AND action_taken IN ('alert', 'notify')
   AND created_at > %(now)s::timestamptz - interval '14 days';
INSERT INTO deliveries (user_id, notification_id, rule_id, channel_name, kind, title, severity, reason, status,
                        attempt_count, expires_at, created_at, settled_at)
SELECT user_id, id, rule_id, 'Operations', 'email', title, severity, 'first', 'delivered', 1,
       created_at + interval '1 day', created_at, created_at + interval '3 seconds'
  FROM notifications WHERE severity <> 'low';
INSERT INTO metric_series (user_id, metric)
SELECT p.id, m FROM bench_people p, unnest(ARRAY['fusion_score', 'cpu_percent', 'latency_ms']) m;
INSERT INTO metric_samples (series_id, observed_at, value)
SELECT q.id, %(now)s::timestamptz - k * interval '5 minutes', 50 + 30 * sin(k / 9.0 + p.n)
  FROM metric_series q JOIN bench_people p ON p.id = q.user_id, generate_series(1, 72) k;
"""
SIZES = {
    "people": SUBJECTS, "shared": SHARED_RULES, "own": OWN_RULES, "runs": RUNS, "most": MOST_EPISODES,
    "admin": ADMIN_EMAIL,
}  # fmt: skip


def make_activity(entries: int, now: datetime, *, durable: bool = False) -> None:
    """Fill the database of the default connection with `entries` activity entries, and all that they are about.

    Unless it is to be `durable`, the log is empty after a crash of the server, and filled faster.
    """
    episodes = round(entries / entries_per_episode() * SPARE) + 100
    params = {"now": now, "episodes": episodes}
    _run(SETTINGS_OF_SESSION)
    with transaction.atomic():
        _run(["SET CONSTRAINTS ALL IMMEDIATE"])  # a table with open ones cannot be altered
        _kinds()
        for sql in (MAKE_PEOPLE, MAKE_RULES, RUN_ROWS, MAKE_INSTANCES, MAKE_EPISODES):
            _run(_statements(sql), params)
        _run(["ANALYZE bench_entries"])
        _fill_log(entries, "LOGGED" if durable else "UNLOGGED")
        _run(_statements(STATES) + _statements(NOTIFICATIONS), params)
    _run(["DISCARD ALL", "VACUUM ANALYZE"])


def _kinds() -> None:
    _run(["CREATE TEMP TABLE bench_shares (name text, n int, share float8)",
          "CREATE TEMP TABLE bench_steps (kind text, event text, fraction float8)"])  # fmt: skip
    shares = [(kind.name, number, kind.share) for number, kind in enumerate(EPISODE_KINDS)]
    copy_rows("bench_shares", ["name", "n", "share"], ["text", "int4", "float8"], shares)
    steps = [row for kind in EPISODE_KINDS for row in kind.rows()]
    copy_rows("bench_steps", ["kind", "event", "fraction"], ["text", "text", "float8"], steps)


def _fill_log(entries: int, kind: str) -> None:
    """Without its triggers, which guard against other programs."""
    with bare("agent_activity_log"), connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE agent_activity_log SET {kind}")
        cursor.execute("ALTER TABLE agent_activity_log DISABLE TRIGGER USER")
        cursor.execute(COUNT_ENTRIES)
        surplus = max(0, cursor.fetchone()[0] - entries)
        cursor.execute(LOG, {"surplus": surplus})
        cursor.execute("ALTER TABLE agent_activity_log ENABLE TRIGGER USER")
    EntryCount.objects.recount()


def _statements(sql: str) -> list[str]:
    return [statement for statement in sql.format(**SIZES).split(";\n") if statement.strip()]


def _run(statements: Iterable[str], params: dict[str, Any] | None = None) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            named = params if params and "%(" in statement else None
            cursor.execute(statement, named)
