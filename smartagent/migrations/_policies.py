"""What a member may see of each table, as SQL conditions: the second wall behind the querysets. Frozen with the migration.

They allow what the pages show, so that a person sees the names of those who handled an alert of theirs.
"""

PERSON = "(SELECT nullif(current_setting('smartagent.person', true), '')::uuid)"
OWN = f"user_id = {PERSON}"
OF_OWN_RULE = "rule_id = ANY ((SELECT smartagent_own_rules())::uuid[])"
OF_SERIES = "EXISTS (SELECT FROM metric_series q WHERE q.id = series_id)"
NOBODYS = "user_id IS NULL"

# They read past the policies of the tables that they name, which else would ask each other.
OWN_RULES = f"""
BEGIN
    RETURN ARRAY(SELECT id FROM automation_rules WHERE user_id = {PERSON});
END"""
# Rules of others of which the person was notified.
TOLD_RULES = f"""
BEGIN
    RETURN ARRAY(SELECT rule_id FROM notifications WHERE user_id = {PERSON} AND rule_id IS NOT NULL
           UNION SELECT rule_id FROM deliveries WHERE user_id = {PERSON} AND rule_id IS NOT NULL
           UNION SELECT rule_id FROM notification_mutes WHERE user_id = {PERSON} AND rule_id IS NOT NULL);
END"""
# Who did something with what is the person's.
KNOWN_PEOPLE = f"""
BEGIN
    RETURN ARRAY(
        SELECT s.assignee_id FROM rule_states s JOIN automation_rules r ON r.id = s.rule_id WHERE r.user_id = {PERSON}
         UNION SELECT s.handled_by_id FROM rule_states s JOIN automation_rules r ON r.id = s.rule_id
                WHERE r.user_id = {PERSON}
         UNION SELECT s.user_id FROM rule_states s JOIN automation_rules r ON r.id = s.rule_id WHERE r.user_id = {PERSON}
         UNION SELECT h.history_user_id FROM automation_rules_history h WHERE h.user_id = {PERSON}
         UNION SELECT r.deleted_by_id FROM automation_rules r WHERE r.user_id = {PERSON}
         UNION SELECT r.user_id FROM automation_rules r WHERE r.id = ANY (smartagent_told_rules())
         UNION SELECT unnest(ARRAY[s.created_by_id, s.cancelled_by_id, s.user_id]) FROM silences s
                WHERE s.user_id = {PERSON} OR s.user_id IS NULL
         UNION SELECT unnest(ARRAY[e.requested_by_id, e.approved_by_id, e.decided_by_id])
                 FROM fusion_optimization_events e WHERE e.user_id = {PERSON}
         UNION SELECT f.user_id FROM rule_feedback f JOIN automation_rules r ON r.id = f.rule_id WHERE r.user_id = {PERSON}
         UNION SELECT c.user_id FROM channels c JOIN deliveries d ON d.channel_id = c.id WHERE d.user_id = {PERSON}
         UNION SELECT v.user_id FROM activity_saved_views v WHERE v.shared);
END"""
HELPERS = {"own_rules": OWN_RULES, "told_rules": TOLD_RULES, "known_people": KNOWN_PEOPLE}

VISIBLE = {
    "smartagent_users": f"id = {PERSON} OR id = ANY ((SELECT smartagent_known_people())::uuid[])",
    "smartagent_sessions": OWN,
    "smartagent_api_tokens": OWN,
    "smartagent_idempotency_keys": OWN,
    "django_admin_log": OWN,
    "account_emailaddress": OWN,
    "account_emailconfirmation": "EXISTS (SELECT FROM account_emailaddress a WHERE a.id = email_address_id)",
    "mfa_authenticator": OWN,
    "socialaccount_socialaccount": OWN,
    "socialaccount_socialtoken": "EXISTS (SELECT FROM socialaccount_socialaccount a WHERE a.id = account_id)",
    "automation_rules": f"{OWN} OR id = ANY ((SELECT smartagent_told_rules())::uuid[])",
    "automation_rules_history": f"{OWN} OR id = ANY ((SELECT smartagent_own_rules())::uuid[])",
    "rule_states": OF_OWN_RULE,
    "rule_feedback": f"{OWN} OR {OF_OWN_RULE}",
    "agent_activity_log": OWN,
    "activity_saved_views": f"{OWN} OR shared",
    "dispatch_runs": f"trigger = 'schedule' OR requested_by_id = {PERSON}",
    "silences": f"{OWN} OR ({NOBODYS} AND (rule_id IS NULL OR {OF_OWN_RULE}) AND (person_id IS NULL OR person_id = {PERSON}))",
    "integrations": OWN,
    "fusion_scores": OWN,
    "fusion_audit_log": OWN,
    "fusion_metrics": OWN,
    "ingest_quotas": OWN,
    "metric_receipts": OWN,
    "metric_series": f"{OWN} OR {NOBODYS}",
    "metric_samples": OF_SERIES,
    "metric_rollups_5m": OF_SERIES,
    "metric_rollups_1h": OF_SERIES,
    "metric_rollups_1d": OF_SERIES,
    "notifications": OWN,
    "notification_preferences": OWN,
    "notification_mutes": OWN,
    "channels": f"{OWN} OR EXISTS (SELECT FROM deliveries d WHERE d.channel_id = channels.id)",
    "deliveries": OWN,
    "delivery_attempts": "EXISTS (SELECT FROM deliveries d WHERE d.id = delivery_id)",
    "escalation_policies": OWN,
    "escalations": OF_OWN_RULE,
    "fusion_optimization_events": OWN,
    "fusion_action_log": OWN,
    "optimization_steps": "EXISTS (SELECT FROM fusion_optimization_events e WHERE e.id = event_id)",
}
# Who may do what is nothing that a member changes.
OWN_TO_READ = ("smartagent_users_groups", "smartagent_users_user_permissions")
READ_ONLY = (
    "auth_group", "auth_group_permissions", "auth_permission", "django_content_type", "django_migrations",
    "reliability_goal", "self_test_runs",
)  # fmt: skip
# Nothing in them is about a person.
SHARED = (
    "activity_entry_counts", "data_sources", "metric_queries", "metric_rollup_late", "metric_rollup_progress",
    "optimizer_policy", "smartagent_attempts", "smartagent_request_counts", "django_q_ormq", "django_q_schedule",
    "django_q_task",
)  # fmt: skip
# Secrets of the installation, which only sign-in reads; the chain of the activity log; and who read what.
CLOSED = (
    "socialaccount_socialapp", "audit_batches", "audit_links", "audit_unsealed", "smartagent_read_windows",
)  # fmt: skip
