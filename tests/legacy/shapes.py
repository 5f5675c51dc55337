"""Every table of a legacy database, in every shape that is found; with rows, among them odd ones.

`writes` are statements as the old application sends them after the takeover; each must go on working.
"""

from dataclasses import dataclass, field

from tests.examples import examples
from tests.legacy.people import ALICE, BEN

ID = "id uuid PRIMARY KEY DEFAULT gen_random_uuid()"
USER = "user_id uuid REFERENCES auth.users (id) ON DELETE CASCADE"
CREATED = "created_at timestamptz DEFAULT now()"
UPDATED = "updated_at timestamptz DEFAULT now()"
# More than one batch of what is filled in.
MANY = examples(6_000)
NEW = "aaaaaaaa-0000-0000-0000-000000000001"

TOUCH = """
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN NEW.updated_at := clock_timestamp(); RETURN NEW; END $$;
"""


@dataclass(frozen=True, kw_only=True)
class Shape:
    """One table in one shape."""

    create: str
    rows: str = ""
    writes: tuple[str, ...] = field(default=())


def protected(table: str) -> str:
    """Row-level security as it is there: the owner's rows, and inserts by anyone."""
    return f"""ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
CREATE POLICY {table}_insert ON {table} FOR INSERT WITH CHECK (true);"""


def owned(table: str) -> str:
    return f"{protected(table)} CREATE POLICY {table}_own ON {table} FOR SELECT USING (auth.uid() = user_id);"


def touched(table: str) -> str:
    return f"CREATE TRIGGER {table}_touch BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION touch();"


NOTIFICATIONS_A = f"""CREATE TABLE notifications ({ID}, {USER},
    type text NOT NULL CHECK (type IN ('info', 'warning', 'error', 'success')), title text NOT NULL,
    message text NOT NULL, is_read boolean DEFAULT false, action_url text, {CREATED}); {owned("notifications")}"""
ROWS_A = f"""INSERT INTO notifications (user_id, type, title, message, is_read, created_at)
    SELECT CASE WHEN n % 100 > 0 THEN '{ALICE}'::uuid END, (ARRAY['info', 'warning', 'error', 'success'])[n % 4 + 1],
           'Old ' || n, '100%', CASE WHEN n % 3 > 0 THEN n % 2 = 0 END, '2025-01-01'::timestamptz + n * interval '1 min'
      FROM generate_series(1, {MANY}) n;"""
WRITES_A = (
    f"INSERT INTO notifications (id, user_id, type, title, message) VALUES ('{NEW}', '{ALICE}', 'success', 'New', 'm')",
    f"UPDATE notifications SET is_read = true WHERE id = '{NEW}'",
    f"INSERT INTO notifications (user_id, type, title, message, is_read) VALUES ('{BEN}', 'info', 'Seen', 'm', true)",
)
TOUCHED = f"ALTER TABLE notifications ADD {UPDATED}; {touched('notifications')}"
FUNCTIONS_C = """
CREATE FUNCTION mark_notification_read(notification_id uuid) RETURNS void LANGUAGE sql SECURITY DEFINER AS
    $$ UPDATE legacy.notifications SET status = 'read', read_at = now()
        WHERE id = notification_id AND user_id = auth.uid() $$;
CREATE FUNCTION mark_all_notifications_read() RETURNS void LANGUAGE sql SECURITY DEFINER AS
    $$ UPDATE legacy.notifications SET status = 'read', read_at = now()
        WHERE user_id = auth.uid() AND status = 'unread' $$;
CREATE FUNCTION get_unread_notification_count() RETURNS integer LANGUAGE sql SECURITY DEFINER AS
    $$ SELECT count(*)::int FROM legacy.notifications WHERE user_id = auth.uid() AND status = 'unread' $$;
CREATE FUNCTION cleanup_old_notifications() RETURNS void LANGUAGE sql SECURITY DEFINER AS
    $$ DELETE FROM legacy.notifications WHERE status = 'archived' AND archived_at < now() - interval '90 days' $$;
"""
NOTIFICATIONS_C = f"""CREATE TABLE notifications ({ID},
    user_id uuid NOT NULL REFERENCES auth.users (id) ON DELETE CASCADE, rule_id uuid,
    type text NOT NULL CHECK (type IN ('alert', 'notify', 'info', 'warning', 'error')), title text NOT NULL,
    message text NOT NULL, severity text CHECK (severity IN ('low', 'medium', 'high', 'critical')),
    status text NOT NULL DEFAULT 'unread' CHECK (status IN ('unread', 'read', 'archived')), action_url text,
    metadata jsonb DEFAULT '{{}}', {CREATED}, read_at timestamptz, archived_at timestamptz);
    {owned("notifications")} {FUNCTIONS_C} CREATE INDEX idx_notifications_user ON notifications (user_id);"""
ROWS_C = f"""INSERT INTO notifications (user_id, type, title, message, status, read_at, archived_at)
    SELECT '{ALICE}', 'alert', 'Old ' || n, 'm', (ARRAY['unread', 'read', 'archived'])[n % 3 + 1],
           CASE WHEN n % 3 > 0 THEN now() END, CASE WHEN n % 3 = 2 THEN now() END FROM generate_series(1, {MANY}) n;"""
WRITES_C = (
    f"INSERT INTO notifications (id, user_id, type, title, message) VALUES ('{NEW}', '{ALICE}', 'alert', 'New', 'm')",
    f"UPDATE notifications SET status = 'read' WHERE id = '{NEW}'",
    f"INSERT INTO notifications (user_id, type, title, message, status) VALUES ('{BEN}', 'info', 'Seen', 'm', 'read')",
)
BY_HAND = f"{NOTIFICATIONS_A} ALTER TABLE notifications ADD severity text, ADD metadata text DEFAULT '{{}}';"
ROWS_BY_HAND = f"""{ROWS_A}
    UPDATE notifications SET severity = 'whatever', metadata = 'no {{json' WHERE title = 'Old 7';
    UPDATE notifications SET metadata = '{{"metric": "cpu"}}' WHERE title = 'Old 8';
    UPDATE notifications SET metadata = '[1]' WHERE title = 'Old 9';"""

RULES_NEWER = f"""CREATE TABLE automation_rules ({ID},
    user_id uuid NOT NULL REFERENCES auth.users (id) ON DELETE CASCADE, rule_name text NOT NULL, description text,
    metric_type text NOT NULL,
    condition_operator text NOT NULL CHECK (condition_operator IN ('>', '<', '>=', '<=', '=', '!=')),
    threshold_value numeric NOT NULL,
    action_type text NOT NULL CHECK (action_type IN ('notify', 'optimize', 'adjust', 'alert', 'log')),
    action_config jsonb DEFAULT '{{}}', target_integration text,
    status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'paused', 'disabled')),
    last_triggered_at timestamptz, trigger_count integer DEFAULT 0, {CREATED}, {UPDATED});
    {owned("automation_rules")} {touched("automation_rules")}"""
RULES_OLDER = f"""CREATE TABLE automation_rules ({ID}, organization_id uuid NOT NULL, name text NOT NULL,
    description text, trigger_type text NOT NULL, condition jsonb, action jsonb NOT NULL,
    status text DEFAULT 'active' CHECK (status IN ('active', 'paused', 'archived')), created_by uuid, {CREATED},
    {UPDATED}, last_triggered_at timestamptz);
    {protected("automation_rules")} {touched("automation_rules")}
    CREATE TABLE rule_executions ({ID}, rule_id uuid NOT NULL REFERENCES automation_rules ON DELETE CASCADE);"""

SCORES = f"""CREATE TABLE integrations_master ({ID}, name text);
    INSERT INTO integrations_master VALUES ('{NEW}', 'slack');
    CREATE TABLE fusion_scores ({ID}, {USER}, integration_id uuid REFERENCES integrations_master,
    fusion_score numeric CHECK (fusion_score BETWEEN 0 AND 100), score_breakdown jsonb,
    trend_direction text CHECK (trend_direction IN ('up', 'down', 'stable')), ai_summary text, ai_cached_at timestamptz,
    calculated_at timestamptz DEFAULT now(), {CREATED}, {UPDATED}, weight_factor numeric DEFAULT 1,
    baseline_score numeric, learning_rate numeric, last_adjusted timestamptz, adaptive_notes text,
    UNIQUE (user_id, integration_id));
    CREATE TABLE fusion_score_history (user_id uuid, integration_id uuid, fusion_score numeric,
                                       recorded_at timestamptz DEFAULT now());
    CREATE FUNCTION keep_score() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
        INSERT INTO legacy.fusion_score_history (user_id, integration_id, fusion_score)
        VALUES (NEW.user_id, NEW.integration_id, NEW.fusion_score); RETURN NEW; END $$;
    CREATE TRIGGER keep_score AFTER INSERT OR UPDATE ON fusion_scores FOR EACH ROW EXECUTE FUNCTION keep_score();
    {owned("fusion_scores")} {touched("fusion_scores")}"""

AUDIT_EVENTS = "'manual_recalibration', 'optimization_applied', 'email_failed', 'onboarding_completed'"

SHAPES: dict[str, dict[str, Shape]] = {
    "automation_rules": {
        "newer": Shape(
            create=RULES_NEWER,
            rows=f"""INSERT INTO automation_rules
                         (user_id, rule_name, metric_type, condition_operator, threshold_value, action_type, status)
                     VALUES ('{ALICE}', 'Low score', 'fusion_score', '<', 70, 'alert', 'paused'),
                            ('{BEN}', 'Adjust', 'efficiency_index', '=', 80.5, 'adjust', 'disabled');""",
            writes=(
                f"""INSERT INTO automation_rules (id, user_id, rule_name, metric_type, condition_operator,
                        threshold_value, action_type)
                    VALUES ('{NEW}', '{ALICE}', 'New', 'fusion_score', '<', 70, 'log')""",
                f"UPDATE automation_rules SET status = 'paused', trigger_count = trigger_count + 1 WHERE id = '{NEW}'",
            ),
        ),
        "older": Shape(
            create=RULES_OLDER,
            rows=f"""INSERT INTO automation_rules (id, organization_id, name, trigger_type, action, status)
                     VALUES ('{NEW}', gen_random_uuid(), 'Old', 'schedule', '{{}}', 'archived');
                     INSERT INTO rule_executions (rule_id) VALUES ('{NEW}');""",
            writes=(
                """INSERT INTO automation_rules (organization_id, name, trigger_type, action)
                   VALUES (gen_random_uuid(), 'New', 'event', '{"do": "it"}')""",
                f"UPDATE automation_rules SET status = 'archived', name = 'Older' WHERE id = '{NEW}'",
                f"INSERT INTO rule_executions (rule_id) VALUES ('{NEW}')",
            ),
        ),
        "none": Shape(create=""),
    },
    "notifications": {
        "A": Shape(create=NOTIFICATIONS_A, rows=ROWS_A, writes=WRITES_A),
        "B": Shape(create=f"{NOTIFICATIONS_A} {TOUCHED}", rows=ROWS_A, writes=WRITES_A),
        "C": Shape(create=NOTIFICATIONS_C, rows=ROWS_C, writes=WRITES_C),
        "D, text": Shape(create=BY_HAND, rows=ROWS_BY_HAND, writes=WRITES_A),
        "D, times": Shape(
            create=f"""{NOTIFICATIONS_A} {TOUCHED} ALTER TABLE notifications ADD metadata jsonb DEFAULT '{{}}',
                       ADD read_at timestamptz, ADD rule_id uuid;""",
            rows=ROWS_A,
            writes=WRITES_A,
        ),
        "D, status": Shape(
            create=f"""{NOTIFICATIONS_A} ALTER TABLE notifications ADD status text, ADD severity text,
                       ADD archived_at timestamptz;""",
            rows=f"""{ROWS_A} UPDATE notifications SET status = 'unread' WHERE is_read IS NULL;
                     UPDATE notifications SET status = 'pinned' WHERE title IN ('Old 1', 'Old 2');""",
            writes=WRITES_A,
        ),
        "none": Shape(create=""),
    },
    "agent_activity_log": {
        "usual": Shape(
            create=f"""CREATE TABLE agent_activity_log ({ID}, {USER}, rule_id uuid, agent_name text NOT NULL,
                event_type text NOT NULL, action_taken text NOT NULL, context jsonb DEFAULT '{{}}',
                status text NOT NULL DEFAULT 'success' CHECK (status IN ('success', 'failed', 'pending')),
                error_message text, {CREATED}); {owned("agent_activity_log")}""",
            rows=f"""INSERT INTO agent_activity_log (user_id, agent_name, event_type, action_taken, context, status)
                     VALUES ('{ALICE}', 'optimizer', 'sync', 'did it', NULL, 'pending'),
                            (NULL, 'gateway', 'send', 'sent', '[1]', 'failed');""",
            writes=(
                f"""INSERT INTO agent_activity_log (id, user_id, agent_name, event_type, action_taken, status)
                    VALUES ('{NEW}', '{ALICE}', 'optimizer', 'sync', 'will do', 'pending')""",
                f"UPDATE agent_activity_log SET status = 'success' WHERE id = '{NEW}'",
            ),
        ),
        "none": Shape(create=""),
    },
    "fusion_scores": {
        "usual": Shape(
            create=SCORES,
            rows=f"""INSERT INTO fusion_scores (user_id, integration_id, fusion_score, calculated_at)
                     VALUES ('{ALICE}', '{NEW}', 61.5, now()), ('{BEN}', NULL, NULL, NULL), (NULL, NULL, 5, now());
                     INSERT INTO fusion_score_history SELECT '{ALICE}', NULL, n % 100,
                         now() - n * interval '1 hour' FROM generate_series(1, 500) n;""",
            writes=(
                f"UPDATE fusion_scores SET fusion_score = 44, calculated_at = now() WHERE user_id = '{ALICE}'",
                f"INSERT INTO fusion_scores (user_id, integration_id, fusion_score) VALUES ('{BEN}', '{NEW}', 12)",
            ),
        ),
        "none": Shape(create=""),
    },
    "fusion_audit_log": {
        "usual": Shape(
            create=f"""CREATE TABLE fusion_audit_log ({ID}, {USER}, integration_id uuid,
                event_type text NOT NULL CHECK (event_type IN ({AUDIT_EVENTS})), metrics_count integer,
                total_variance numeric, avg_ai_confidence numeric, weight_changes jsonb, triggered_by text,
                execution_time_ms integer, status text CHECK (status IN ('success', 'failed', 'partial')),
                error_message text, {CREATED}, organization_id uuid); {owned("fusion_audit_log")}""",
            rows=f"""INSERT INTO fusion_audit_log (user_id, event_type, status, error_message)
                     SELECT '{ALICE}', 'email_failed', (ARRAY['success', 'failed', 'partial'])[n % 3 + 1],
                            CASE WHEN n % 6 = 1 THEN 'no route' END FROM generate_series(1, {MANY}) n;""",
            writes=(
                f"""INSERT INTO fusion_audit_log (id, user_id, event_type, status, error_message)
                    VALUES ('{NEW}', '{ALICE}', 'email_failed', 'failed', 'refused')""",
            ),
        ),
        "other": Shape(
            create=f"""CREATE TABLE fusion_audit_log ({ID}, {USER}, event_type text NOT NULL, event_source text,
                event_payload jsonb, stability_score numeric, reinforcement_delta numeric,
                anomaly_flag boolean DEFAULT false, anomaly_reason text, {CREATED}); {owned("fusion_audit_log")}""",
            rows=f"""INSERT INTO fusion_audit_log (user_id, event_type, anomaly_flag, anomaly_reason)
                     SELECT '{ALICE}', 'drift', n % 3 = 1, CASE WHEN n % 6 = 1 THEN 'no route' END
                       FROM generate_series(1, {MANY}) n;""",
            writes=(
                f"""INSERT INTO fusion_audit_log (id, user_id, event_type, anomaly_flag, anomaly_reason)
                    VALUES ('{NEW}', '{ALICE}', 'drift', true, 'refused')""",
            ),
        ),
        "decisions": Shape(
            create=f"""CREATE TABLE fusion_audit_log ({ID}, {USER}, action_type text NOT NULL,
                decision_summary text NOT NULL, confidence_level numeric, anomaly_detected boolean DEFAULT false,
                {CREATED}); {owned("fusion_audit_log")}""",
            rows=f"""INSERT INTO fusion_audit_log (user_id, action_type, decision_summary, anomaly_detected)
                     SELECT '{ALICE}', 'integration_check', CASE WHEN n % 6 = 1 THEN 'no route' ELSE 'fine' END,
                            CASE WHEN n % 3 < 2 THEN n % 3 = 1 END FROM generate_series(1, {MANY}) n;""",
            writes=(
                f"""INSERT INTO fusion_audit_log (id, user_id, action_type, decision_summary, anomaly_detected)
                    VALUES ('{NEW}', '{ALICE}', 'integration_check', 'refused', true)""",
            ),
        ),
        "none": Shape(create=""),
    },
    "fusion_optimization_events": {
        "usual": Shape(
            create=f"""CREATE TABLE fusion_optimization_events ({ID}, source_event_type text NOT NULL,
                predicted_variance numeric(10, 6), predicted_stability numeric(10, 6),
                optimization_action text NOT NULL
                    CHECK (optimization_action IN ('pre_tune', 'stabilize', 'recalibrate')),
                parameter_delta jsonb, efficiency_index numeric(10, 6), applied boolean DEFAULT false, {CREATED});
                {protected("fusion_optimization_events")}
                CREATE VIEW optimization_events AS SELECT id, source_event_type, predicted_variance,
                    predicted_stability, optimization_action, parameter_delta, efficiency_index, applied, created_at
                    FROM fusion_optimization_events;""",
            rows="""INSERT INTO fusion_optimization_events (source_event_type, optimization_action, applied, created_at)
                    VALUES ('drift', 'pre_tune', true, '2025-01-01'), ('drift', 'stabilize', false, '2025-01-01'),
                           ('drift', 'recalibrate', NULL, NULL), ('drift', 'recalibrate', false, now());""",
            writes=(
                f"""INSERT INTO optimization_events (id, source_event_type, optimization_action, efficiency_index)
                    VALUES ('{NEW}', 'drift', 'pre_tune', 61.25)""",
                f"UPDATE optimization_events SET applied = true WHERE id = '{NEW}'",
            ),
        ),
        "none": Shape(create=""),
    },
    "fusion_action_log": {
        "usual": Shape(
            create=f"""CREATE TABLE fusion_automation_rules ({ID});
                CREATE TABLE fusion_action_log ({ID}, rule_id uuid REFERENCES fusion_automation_rules,
                integration_name text NOT NULL, insight_id uuid, action_type text NOT NULL, action_result text,
                status text NOT NULL CHECK (status IN ('success', 'failed')), {CREATED}, organization_id uuid);
                {protected("fusion_action_log")}""",
            rows="""INSERT INTO fusion_action_log (integration_name, action_type, status)
                    VALUES ('slack', 'a', 'failed');""",
            writes=(
                f"""INSERT INTO fusion_action_log (id, integration_name, action_type, status)
                    VALUES ('{NEW}', 'slack', 'ping', 'success')""",
            ),
        ),
        "none": Shape(create=""),
    },
    "integrations": {
        "usual": Shape(
            create=f"""CREATE TABLE integrations ({ID}, {USER}, integration_type text NOT NULL
                    CHECK (integration_type IN ('slack', 'outlook', 'gmail', 'trello', 'sendgrid')),
                status text NOT NULL DEFAULT 'inactive' CHECK (status IN ('active', 'inactive', 'error', 'syncing')),
                credentials jsonb, config jsonb, last_sync_at timestamptz, error_message text, {CREATED}, {UPDATED},
                UNIQUE (user_id, integration_type)); {owned("integrations")} {touched("integrations")}""",
            rows=f"""INSERT INTO integrations (user_id, integration_type, credentials, config)
                     VALUES ('{ALICE}', 'slack', '{{"token": "t"}}', NULL), (NULL, 'gmail', NULL, '[]');""",
            writes=(
                f"INSERT INTO integrations (id, user_id, integration_type) VALUES ('{NEW}', '{BEN}', 'trello')",
                f"UPDATE integrations SET status = 'error', error_message = 'x' WHERE id = '{NEW}'",
            ),
        ),
        "none": Shape(create=""),
    },
    "fusion_metrics": {
        "usual": Shape(
            create=f"""CREATE TABLE fusion_metrics ({ID}, {USER}, integration_id uuid, metric_name text NOT NULL,
                metric_type text CHECK (metric_type IN ('count', 'sum', 'average', 'percentage', 'trend')),
                raw_value numeric, normalized_value numeric CHECK (normalized_value BETWEEN 0 AND 1),
                weight numeric DEFAULT 0.2, data_source jsonb, synced_at timestamptz, {CREATED},
                UNIQUE (user_id, integration_id, metric_name)); {owned("fusion_metrics")}""",
            rows=f"""INSERT INTO fusion_metrics (user_id, metric_name, normalized_value)
                     VALUES ('{ALICE}', 'mails', 0.5), (NULL, 'mails', NULL);""",
            writes=(f"INSERT INTO fusion_metrics (id, user_id, metric_name) VALUES ('{NEW}', '{BEN}', 'cards')",),
        ),
        "none": Shape(create=""),
    },
}  # fmt: skip
# The references of the newer scripts, where both tables are there.
REFERENCES = {"notifications": "C", "agent_activity_log": "usual"}
REFERENCE = "ALTER TABLE {table} ADD FOREIGN KEY (rule_id) REFERENCES automation_rules ON DELETE SET NULL;"
