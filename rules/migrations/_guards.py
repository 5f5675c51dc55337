"""Which rows and columns of shared tables clients of the old application cannot write. Frozen with the migration."""

from smartagent.adoption.sync.guards import GuardColumns
from smartagent.adoption.sync.writers import CLAIMED, WRITER
from smartagent.kernel.scope import everyone_sql

# What the old application changes without changing what a rule does.
_COUNTERS = "ARRAY['status', 'last_triggered_at', 'trigger_count', 'updated_at', 'written_by']"
_SAME = f"(to_jsonb(NEW) - {_COUNTERS}) = (to_jsonb(OLD) - {_COUNTERS})"
_WHO = f"(CASE {WRITER} WHEN 'anon' THEN NULL ELSE {CLAIMED} END)"

# A rule acts with the rights of its owner, so it is theirs only where they have written it, or somebody who may. What
# the old application's own functions write is as they have judged it.
WRITTEN = f"""
    IF {WRITER} <> 'service_role' AND (TG_OP = 'INSERT' OR NOT {_SAME}) THEN
        IF NEW.user_id::text = {_WHO} OR EXISTS (
            SELECT FROM smartagent_users u WHERE u.id::text = {_WHO} AND {everyone_sql("u")}) THEN
            NEW.written_by := '';
        ELSE
            NEW.written_by := coalesce({_WHO}, 'anon');
        END IF;
    END IF;
"""
REVIEWED = f"""
    IF TG_OP = 'UPDATE' AND OLD.written_by <> '' AND NOT {_SAME} THEN
        NEW.written_by := '';
    END IF;
"""

# What we keep of an integration is secret, and goes where its settings said when it was typed in: nowhere else, and to
# nobody else.
_ADDRESSES = "ARRAY['health_url', 'probe_url', 'refresh_url', 'token_url', 'token_auth_method']"
SENT = f"""
    IF TG_OP = 'UPDATE' AND OLD.credentials_encrypted IS NOT NULL THEN
        IF NEW.user_id IS DISTINCT FROM OLD.user_id THEN
            NEW.credentials_encrypted := NULL;
        ELSIF NEW.config IS DISTINCT FROM OLD.config AND jsonb_typeof(to_jsonb(NEW.config)) = 'object' THEN
            NEW.config := (to_jsonb(NEW.config) - {_ADDRESSES}) || coalesce((
                SELECT jsonb_object_agg(key, value)
                  FROM jsonb_each(CASE jsonb_typeof(to_jsonb(OLD.config)) WHEN 'object' THEN to_jsonb(OLD.config)
                                  ELSE '{{}}' END)
                 WHERE key = ANY({_ADDRESSES})), '{{}}');
        ELSIF jsonb_typeof(to_jsonb(NEW.config)) = 'string' THEN  -- JSON in a column of texts
            NEW.config := OLD.config;
        END IF;
    END IF;
"""

GUARDS = (
    GuardColumns("automation_rules", clients=WRITTEN, ours=REVIEWED),
    # Work that waits is an entry of a run of ours; what it says is what we have decided.
    GuardColumns("agent_activity_log", own="OLD.run_id IS NOT NULL OR OLD.state_id IS NOT NULL"),
    GuardColumns("integrations", clients=SENT),
    GuardColumns("fusion_scores"),
    GuardColumns("fusion_audit_log", shared=("severity", "message", "metadata")),
)
