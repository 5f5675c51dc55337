"""What the old application's log and scores say, in columns and tables of ours. Frozen with the migration."""

from smartagent.adoption.backfill import Fill

# fusion_audit_log, in its three shapes and mixtures of them: what is not there reads as nothing.
SEVERITY = """CASE WHEN {row}->>'anomaly_flag' = 'true' OR {row}->>'anomaly_detected' = 'true'
                        OR {row}->>'status' = 'failed' THEN 'error'
                WHEN {row}->>'status' = 'partial' THEN 'warning' ELSE 'info' END"""
MESSAGE = """coalesce(nullif({row}->>'error_message', ''), nullif({row}->>'anomaly_reason', ''),
                         nullif({row}->>'decision_summary', ''), {row}->>'event_type', {row}->>'action_type', '')"""
EVENT = "{row}->>'action_type'"
# Whether or not severity is a column of theirs, nobody has said one where it is NULL. What is filled in is marked, so
# that a severity that somebody gives is told from it, and so that a column of theirs can be emptied again.
UNSAID = "it.severity IS NULL"
AUDIT_FILLS = {
    "severity": Fill(SEVERITY.format(row="to_jsonb(it)"), where=UNSAID, of_theirs=True),
    "severity_derived": Fill("true", where=UNSAID),
    "message": Fill(MESSAGE.format(row="to_jsonb(it)"), where="it.message = ''"),
    "event_type": Fill(EVENT.format(row="to_jsonb(it)"), where="it.event_type IS NULL"),
}
AUDIT_EMPTIES = {"severity": "it.severity_derived"}

# A row says more or other than before: severity and message follow, unless somebody has given it others.
FOLLOW_AUDIT = f"""
DECLARE
    given record := NEW;
    before jsonb := '{{}}';
    after jsonb := to_jsonb(NEW);
    derived boolean := false;
    said_message text := '';
BEGIN
    IF TG_OP = 'UPDATE' AND current_setting('smartagent.backfill', true) = 'on' THEN
        SELECT OLD.* INTO NEW;
        IF after ? 'severity' THEN
            NEW.severity := given.severity;
        END IF;
        IF after ? 'severity_derived' THEN
            NEW.severity_derived := given.severity_derived;
        END IF;
        IF after ? 'message' THEN
            NEW.message := given.message;
        END IF;
        IF after ? 'event_type' THEN
            NEW.event_type := given.event_type;
        END IF;
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' THEN
        before := to_jsonb(OLD);
        said_message := {MESSAGE.format(row="before")};
    END IF;
    IF after ? 'event_type' AND after->>'event_type' IS NULL AND after->>'action_type' IS NOT NULL THEN
        NEW.event_type := {EVENT.format(row="after")};
        after := to_jsonb(NEW);
    END IF;
    IF after ? 'severity' THEN
        derived := after->>'severity' IS NULL
                   OR coalesce(before->>'severity_derived' = 'true' AND before->>'severity' = after->>'severity', false);
        IF derived THEN
            NEW.severity := {SEVERITY.format(row="after")};
        END IF;
    END IF;
    IF after ? 'severity_derived' THEN
        NEW.severity_derived := derived;
    END IF;
    IF after ? 'message' AND coalesce(after->>'message', '') IN ('', said_message)
       AND coalesce(before->>'message', '') = coalesce(after->>'message', '')
       AND (after->>'message' IS NOT NULL
            OR (SELECT attnotnull FROM pg_attribute WHERE attrelid = TG_RELID AND attname = 'message')) THEN
        NEW.message := {MESSAGE.format(row="after")};
    END IF;
    RETURN NEW;
EXCEPTION WHEN OTHERS THEN
    RAISE WARNING 'Smart Agent: audit event % keeps what it was given: %', after->>'id', SQLERRM;
    RETURN given;
END
"""

# As fusion_score itself is read: every score is the person's newest, and that of its integration. The key is made of
# the values, and so of no setting of a session: a row that is copied twice is one.
SAMPLES = """
INSERT INTO metric_samples (id, user_id, metric, target, value, observed_at)
SELECT md5(concat_ws('|', it.user_id, it.integration_id, it.fusion_score, extract(epoch FROM it.recorded_at),
                     target))::uuid,
       it.user_id, 'fusion_score', target, it.fusion_score::float8, it.recorded_at
FROM {history} it
JOIN smartagent_users person ON person.id = it.user_id
LEFT JOIN integrations ON integrations.id = it.integration_id
CROSS JOIN LATERAL (SELECT '' UNION SELECT integrations.integration_type) AS targets(target)
WHERE {rows} AND target IS NOT NULL AND it.recorded_at IS NOT NULL
  AND it.fusion_score IS NOT NULL AND it.fusion_score::float8 <> 'NaN'
ON CONFLICT DO NOTHING"""
HISTORY = ("user_id", "integration_id", "fusion_score", "recorded_at")
COPY_HISTORY = SAMPLES.replace("{history}", "fusion_score_history")
FOLLOW_HISTORY = f"""
BEGIN
    {SAMPLES.replace("{history}", "(SELECT NEW.*)").replace("{rows}", "true")};
    RETURN NULL;
EXCEPTION WHEN OTHERS THEN
    RAISE WARNING 'Smart Agent: a score is not copied: %', SQLERRM;
    RETURN NULL;
END
"""
