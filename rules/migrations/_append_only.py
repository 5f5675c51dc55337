"""Triggers that keep the activity log append-only, and note what is to be sealed. Frozen with the migration.

They hold for every account, the owner of the tables included, unless its transaction sets `smartagent.entry_changes`.
Whoever can switch triggers off can pass them; the chain (rules.audit) shows what was changed then.
"""

from smartagent.adoption.sync.append_only import KeepAppendOnly

PERMITTED = "coalesce(current_setting('smartagent.entry_changes', true), '') <> ''"
HINT = "Entries are kept as they were written; only retention and erasure delete or change them."
REFUSAL = f"""
    RAISE EXCEPTION '{{what}}'
          USING ERRCODE = 'insufficient_privilege', HINT = '{HINT}';
"""
# What happened stays. What a pending entry led to is written once; a deleted rule, person or run leaves its entries.
REFUSE_CHANGES = f"""
BEGIN
    IF (OLD.id, OLD.agent_name, OLD.event_type, OLD.action_taken, OLD.created_at, OLD.state_id)
            IS NOT DISTINCT FROM
       (NEW.id, NEW.agent_name, NEW.event_type, NEW.action_taken, NEW.created_at, NEW.state_id)
       AND (NEW.user_id IS NULL OR NEW.user_id IS NOT DISTINCT FROM OLD.user_id)
       AND (NEW.rule_id IS NULL OR NEW.rule_id IS NOT DISTINCT FROM OLD.rule_id)
       AND (NEW.run_id IS NULL OR NEW.run_id IS NOT DISTINCT FROM OLD.run_id)
       AND (OLD.status = 'pending'
            OR (OLD.status, OLD.executed_at, OLD.error_message, OLD.context::text)
               IS NOT DISTINCT FROM (NEW.status, NEW.executed_at, NEW.error_message, NEW.context::text)) THEN
        RETURN NEW;
    ELSIF {PERMITTED} THEN
        RETURN NEW;
    END IF;
    {REFUSAL.format(what="The activity log is append-only: an entry cannot be changed.")}
END
"""
# What hangs on a row that is deleted goes with it where the old application has it so; the chain shows that.
REFUSE_DELETIONS = f"""
BEGIN
    IF pg_trigger_depth() > 1 OR {PERMITTED} THEN
        RETURN NULL;
    END IF;
    {REFUSAL.format(what="The activity log is append-only: entries cannot be deleted.")}
END
"""
# One row for a statement, however many entries it writes: recording costs next to nothing more.
NOTE_ENTRIES = """
BEGIN
    INSERT INTO audit_unsealed (entries) SELECT array_agg(id) FROM written HAVING count(*) > 0;
    RETURN NULL;
EXCEPTION WHEN OTHERS THEN
    RAISE WARNING 'Smart Agent: activity entries are not sealed: %', SQLERRM;
    RETURN NULL;
END
"""
STATEMENT = "FOR EACH STATEMENT"
LOG = "agent_activity_log"
COLUMNS = (
    "id", "agent_name", "event_type", "action_taken", "created_at", "state_id", "user_id", "rule_id", "run_id", "status",
    "executed_at", "error_message", "context",
)  # fmt: skip
OPERATIONS = (
    KeepAppendOnly(LOG, "entry_changes", "BEFORE UPDATE", REFUSE_CHANGES, needs=COLUMNS),
    KeepAppendOnly(LOG, "entry_deletions", "BEFORE DELETE OR TRUNCATE", REFUSE_DELETIONS, level=STATEMENT),
    KeepAppendOnly(
        LOG, "entry_notes", "AFTER INSERT", NOTE_ENTRIES, level=f"REFERENCING NEW TABLE AS written {STATEMENT}"
    ),
    KeepAppendOnly(
        "audit_links", "link_changes", "BEFORE DELETE OR UPDATE OR TRUNCATE", REFUSE_DELETIONS, level=STATEMENT
    ),
)
