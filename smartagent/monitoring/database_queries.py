"""The statements of `database_metrics`. Labels come from lists of ours, never from names that people give."""

EVALUATION = """
SELECT extract(epoch FROM clock_timestamp() - finished_at), (outcome = 'completed')::int,
       extract(epoch FROM finished_at - started_at), coalesce(extract(epoch FROM late_by), 0),
       rules_evaluated, instances
  FROM dispatch_runs WHERE trigger = 'schedule' AND outcome IN ('completed', 'failed') AND finished_at IS NOT NULL
 ORDER BY started_at DESC, id DESC LIMIT 1
"""
INSTANCES = """
SELECT name, coalesce(number, 0) FROM unnest(%(states)s::text[]) AS s (name)
  LEFT JOIN (SELECT condition, count(*) AS number FROM rule_states GROUP BY 1) AS c ON c.condition = s.name
"""
ACTIONS = """
SELECT count(*) FROM agent_activity_log WHERE status = 'pending' AND run_id IS NOT NULL AND state_id IS NOT NULL
"""
TASKS = """
SELECT NULL,
       greatest(0, extract(epoch FROM clock_timestamp() - least(
           (SELECT min(lock) FROM django_q_ormq), (SELECT min(next_run) FROM django_q_schedule))))
"""
DELIVERIES = """
SELECT 'waiting', count(*) FROM deliveries WHERE status = 'waiting'
 UNION ALL SELECT 'held', count(*) FROM deliveries WHERE status = 'held'
 UNION ALL SELECT 'due', count(*) FROM deliveries WHERE status = 'due'
 UNION ALL SELECT 'sending', count(*) FROM deliveries WHERE status = 'sending'
"""
OLDEST_DELIVERY = """
SELECT greatest(0, coalesce(extract(epoch FROM clock_timestamp() - min(d.due_at)), 0))
  FROM deliveries d JOIN channels c ON c.id = d.channel_id AND c.enabled AND c.opened_at IS NULL
 WHERE d.status IN ('due', 'sending') AND coalesce(d.leased_until, d.due_at) <= clock_timestamp()
"""
CHANNELS = """
SELECT k.kind, s.state, count(c.id)
  FROM unnest(%(kinds)s::text[] || 'other'::text) AS k (kind)
 CROSS JOIN unnest(ARRAY['working', 'open', 'disabled']) AS s (state)
  LEFT JOIN channels c ON k.kind = CASE WHEN c.kind = ANY(%(kinds)s) THEN c.kind ELSE 'other' END
       AND s.state = CASE WHEN NOT c.enabled THEN 'disabled' WHEN c.opened_at IS NULL THEN 'working' ELSE 'open' END
 GROUP BY 1, 2
"""
DATA_SOURCES = """
SELECT a.age, count(s.id)
  FROM unnest(ARRAY['within_10m', 'within_1h', 'within_1d', 'older', 'never']) AS a (age)
  LEFT JOIN (SELECT id, CASE WHEN last_success_at IS NULL THEN 'never'
                             WHEN last_success_at > now() - interval '10 minutes' THEN 'within_10m'
                             WHEN last_success_at > now() - interval '1 hour' THEN 'within_1h'
                             WHEN last_success_at > now() - interval '1 day' THEN 'within_1d' ELSE 'older' END AS age
               FROM data_sources WHERE enabled) AS s USING (age)
 GROUP BY 1
"""
CONNECTIONS = """
SELECT s.state, count(a.pid)
  FROM unnest(ARRAY['active', 'idle', 'idle_in_transaction', 'other']) AS s (state)
  LEFT JOIN (SELECT pid, CASE WHEN state IN ('active', 'idle') THEN state
                              WHEN starts_with(state, 'idle in transaction') THEN 'idle_in_transaction'
                              ELSE 'other' END AS state
               FROM pg_stat_activity WHERE datname = current_database()) AS a USING (state)
 GROUP BY 1
"""
SERVER = "SELECT current_setting('max_connections')::int, pg_database_size(current_database())"
TABLES = """
WITH RECURSIVE parts AS (
    SELECT name AS root, to_regclass(quote_ident(name))::oid AS oid FROM unnest(%(tables)s::text[]) AS t (name)
     UNION ALL SELECT p.root, i.inhrelid FROM parts p JOIN pg_inherits i ON i.inhparent = p.oid)
SELECT p.root, sum(pg_total_relation_size(c.oid)), sum(greatest(c.reltuples, 0)) FILTER (WHERE c.relkind <> 'p')
  FROM parts p JOIN pg_class c ON c.oid = p.oid WHERE c.relkind IN ('r', 'p') GROUP BY 1
"""
