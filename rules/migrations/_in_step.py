"""What the old application's log and scores say, in columns and tables of ours. Frozen with the migration."""

from rules.engine.numeric_range import as_float_sql
from smartagent.adoption.sync.backfill import Fill
from smartagent.adoption.sync.writers import IS_BACKFILL, record_failure

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
    IF TG_OP = 'UPDATE' AND {IS_BACKFILL} THEN
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
    {record_failure("'Severity and message of audit event ' || (after->>'id') || ' stay as they are'")}
    RETURN given;
END
"""

# The type of an integration: of ours, else by the old application's list, which may not be there, or come later.
INTEGRATION_TYPE = """
DECLARE
    found text;
BEGIN
    SELECT integration_type INTO found FROM integrations WHERE integrations.id = integration;
    IF found IS NULL AND to_regclass('integrations_master') IS NOT NULL THEN
        EXECUTE 'SELECT coalesce(r->>''integration_type'', r->>''type'', r->>''name'')
                   FROM (SELECT to_jsonb(m) AS r FROM integrations_master m) rows WHERE r->>''id'' = $1'
           INTO found USING integration::text;
    END IF;
    RETURN coalesce(found, integration::text);
END
"""

# The series of a person, metric and target, which is made where there is none.
SERIES = """
DECLARE
    found bigint;
BEGIN
    SELECT id INTO found FROM metric_series s
     WHERE s.user_id = person AND s.metric = of_metric AND s.target = of_target;
    IF found IS NULL THEN
        INSERT INTO metric_series (user_id, metric, target, labels)
        VALUES (person, of_metric, of_target,
                CASE WHEN of_target = '' THEN '{}' ELSE jsonb_build_object('target', of_target) END)
            ON CONFLICT DO NOTHING RETURNING id INTO found;
    END IF;
    IF found IS NULL THEN
        SELECT id INTO found FROM metric_series s
         WHERE s.user_id = person AND s.metric = of_metric AND s.target = of_target;
    END IF;
    RETURN found;
END
"""

# As fusion_score itself is read: a score of an integration is that integration's, one without is the person's. Of one
# series and time the first row counts: a row that is copied twice is one.
SCORE = as_float_sql("it.fusion_score")  # a legacy column can hold what 64 bits cannot: no sample
SAMPLES = f"""
INSERT INTO metric_samples (series_id, observed_at, value)
SELECT smartagent_series(it.user_id, 'fusion_score', target), it.recorded_at, {SCORE}
FROM {{history}} it
JOIN smartagent_users person ON person.id = it.user_id
CROSS JOIN LATERAL (SELECT coalesce(smartagent_integration_type(it.integration_id), '')) AS targets(target)
WHERE {{rows}} AND it.recorded_at IS NOT NULL AND {SCORE} IS NOT NULL
ON CONFLICT DO NOTHING"""
HISTORY = ("user_id", "integration_id", "fusion_score", "recorded_at")
COPY_HISTORY = SAMPLES.replace("{history}", "fusion_score_history")

# Who has no score without an integration has the mean of the integrations known by then: what has been added up of the
# changes of each, by how many have begun. One pass, for a mean needs the rows of all batches.
COPY_MEANS = f"""
INSERT INTO metric_samples (series_id, observed_at, value)
SELECT smartagent_series(it.user_id, 'fusion_score', ''), it.recorded_at, {as_float_sql("(it.total / it.known)")}
FROM (SELECT c.*, sum(c.change) OVER so_far AS total, sum(c.begun) OVER so_far AS known,
             row_number() OVER (PARTITION BY c.user_id, c.recorded_at) AS twin
        FROM (SELECT h.user_id, h.integration_id, h.fusion_score, h.recorded_at,
                     h.fusion_score::numeric - coalesce(lag(h.fusion_score::numeric) OVER one, 0) AS change,
                     (row_number() OVER one = 1)::int AS begun
                FROM fusion_score_history h
               WHERE h.recorded_at IS NOT NULL AND {as_float_sql("h.fusion_score")} IS NOT NULL
                 AND h.integration_id IS NOT NULL
                 AND h.user_id NOT IN (SELECT w.user_id FROM fusion_score_history w
                                        WHERE w.integration_id IS NULL AND w.user_id IS NOT NULL)
              WINDOW one AS (PARTITION BY h.user_id, h.integration_id ORDER BY h.recorded_at)) c
      WINDOW so_far AS (PARTITION BY c.user_id ORDER BY c.recorded_at)) it
JOIN smartagent_users person ON person.id = it.user_id
WHERE {{rows}} AND it.twin = 1
ON CONFLICT DO NOTHING"""

# A score of an integration that is written now changes the person's, as the scores that stand are read.
FOLLOW_HISTORY = f"""
BEGIN
    {SAMPLES.replace("{history}", "(SELECT NEW.*)").replace("{rows}", "true")};
    IF NEW.integration_id IS NOT NULL AND NEW.recorded_at > now() - interval '1 hour' THEN
        INSERT INTO metric_samples (series_id, observed_at, value)
        SELECT smartagent_series(it.user_id, 'fusion_score', ''), it.recorded_at, {as_float_sql("it.score")}
          FROM (SELECT NEW.*, coalesce(
                    (SELECT s.fusion_score FROM fusion_scores s
                      WHERE s.user_id = NEW.user_id AND s.integration_id IS NULL AND s.fusion_score IS NOT NULL
                        AND s.calculated_at > now() - interval '7 days' ORDER BY s.calculated_at DESC LIMIT 1),
                    (SELECT avg(s.fusion_score::numeric) FROM fusion_scores s
                      WHERE s.user_id = NEW.user_id AND s.fusion_score IS NOT NULL
                        AND s.calculated_at > now() - interval '7 days')) AS score) it
          JOIN smartagent_users person ON person.id = it.user_id
         WHERE {as_float_sql("it.score")} IS NOT NULL
        ON CONFLICT DO NOTHING;
    END IF;
    RETURN NULL;
EXCEPTION WHEN OTHERS THEN
    {record_failure("'A score of ' || coalesce(NEW.user_id::text, 'nobody') || ' is not copied'")}
    RETURN NULL;
END
"""
