"""The context of a benched activity entry in SQL, with the keys that the dispatcher, people and the optimizer write."""

# Over the columns of smartagent.bench.activity_rows.LOG.
READING = """CASE WHEN event IN ('rule_no_data', 'rule_error') THEN NULL
     ELSE round((threshold * (CASE WHEN (operator = '<') = (event IN ('rule_resolved', 'rule_recovering',
                                                                     'rule_unpending', 'rule_recovered'))
                                   THEN 1.01 + depth * 0.5 ELSE 0.98 - depth * 0.5 END))::numeric, 2) END"""
RULE_FACTS = f"""jsonb_build_object(
    'rule_name', rule_name, 'rule_version', rule, 'metric', metric, 'value', {READING}, 'threshold', threshold,
    'operator', operator, 'target', target,
    'severity', CASE WHEN kind = 'critical' AND event <> 'rule_fired' THEN 'critical' ELSE severity END,
    'person', person_id, 'observed_at', at - interval '90 seconds',
    'from', CASE WHEN event = 'rule_fired' THEN 'ok' ELSE 'firing' END,
    'to', CASE event WHEN 'rule_resolved' THEN 'ok' WHEN 'rule_pending' THEN 'pending'
                     WHEN 'rule_no_data' THEN 'no_data'
                     WHEN 'rule_error' THEN 'error' WHEN 'rule_recovering' THEN 'recovering' ELSE 'firing' END,
    'reason', reason, 'episode', episode, 'since', at - interval '20 minutes', 'handling', 'open', 'last_acted', NULL,
    'verdict', CASE event WHEN 'rule_no_data' THEN 'missing' WHEN 'rule_error' THEN 'failed'
                          WHEN 'rule_resolved' THEN 'clear' WHEN 'rule_recovered' THEN 'clear' ELSE 'met' END)"""
OUTCOME = """CASE WHEN acts AND status = 'success' AND action IN ('alert', 'notify')
      THEN jsonb_build_object('outcome', jsonb_build_object('notification', md5(id::text)::uuid))
      WHEN acts THEN '{"outcome": {}}' ELSE '{}' END"""
PERSON_FACTS = """jsonb_build_object(
    'rule_name', rule_name, 'metric', metric, 'value', round((threshold * (0.6 + depth))::numeric, 2),
    'threshold', threshold, 'operator', operator, 'target', target, 'severity', severity, 'person', person_id,
    'from', 'firing', 'to', 'firing', 'handling', 'open', 'episode', episode, 'by', owner_id, 'by_name', 'Olga Berg')
  || CASE event WHEN 'instance_commented' THEN '{"comment": "Restarted the worker; watching it."}'
                WHEN 'instance_assigned' THEN '{"assignee": "Bob Costa"}'
                WHEN 'instance_snoozed' THEN jsonb_build_object('until', at + interval '4 hours') ELSE '{}' END"""
OTHER_FACTS = """jsonb_build_object(
    'rule_name', rule_name, 'metric', metric, 'target', target, 'person', person_id, 'by_name', 'The policy',
    'strategy', 'efficiency_boost', 'optimization', md5(state::text)::uuid, 'steps', 2, 'verdict', 'improved',
    'severity', severity, 'whom', 'Olga Berg', 'step', 1, 'of', 3, 'policy', 'Operations')"""
CONTEXT = f"""CASE WHEN evaluated THEN {RULE_FACTS} || {OUTCOME}
     WHEN event ~ '^inst' THEN {PERSON_FACTS} ELSE {OTHER_FACTS} END"""
