"""Tables as the old application left them, in the shapes that are found, and rows as it writes them."""

from dataclasses import dataclass

PEOPLE = """
CREATE SCHEMA auth;
CREATE TABLE auth.users (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), email text, raw_app_meta_data jsonb);
INSERT INTO auth.users VALUES ('00000000-0000-0000-0000-00000000000a', 'alice@example.com');
-- Of the same name in another schema, where nobody looks.
CREATE TABLE auth.notifications (id uuid PRIMARY KEY);
"""
ALICE = "'00000000-0000-0000-0000-00000000000a'"


@dataclass(frozen=True, kw_only=True)
class Shape:
    """A table, the insert of the old application, and the name of our model."""

    model: str
    create: str
    insert: str


ID = "id uuid PRIMARY KEY DEFAULT gen_random_uuid()"
USER = "user_id uuid REFERENCES auth.users (id) ON DELETE CASCADE"
CREATED = "created_at timestamptz DEFAULT now()"

NOTIFICATIONS_A = f"""
CREATE TABLE notifications (
    {ID}, {USER}, type text NOT NULL CHECK (type IN ('info', 'warning', 'error', 'success')),
    title text NOT NULL, message text NOT NULL, is_read boolean DEFAULT false, action_url text, {CREATED});
ALTER TABLE notifications ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON notifications FOR SELECT USING (user_id IS NOT NULL);
COMMENT ON TABLE notifications IS 'The inbox';
COMMENT ON COLUMN notifications.type IS 'How bad';
COMMENT ON CONSTRAINT notifications_type_check ON notifications IS 'Four kinds';
"""
INSERT_A = f"INSERT INTO notifications (user_id, type, title, message) VALUES ({ALICE}, 'success', 'Old', '100%')"

NOTIFICATIONS_C = f"""
CREATE TABLE notifications (
    {ID}, user_id uuid NOT NULL REFERENCES auth.users (id) ON DELETE CASCADE, rule_id uuid,
    type text NOT NULL CONSTRAINT kinds CHECK (type = 'alert' OR type = 'notify'
                                               OR type IN ('info', 'warning', 'error')),
    title text NOT NULL, message text NOT NULL,
    severity text CHECK (severity IN ('low', 'medium', 'high', 'critical')),
    status text NOT NULL DEFAULT 'unread' CHECK (status IN ('unread', 'read', 'archived')),
    action_url text, metadata jsonb DEFAULT '{{}}', {CREATED}, read_at timestamptz, archived_at timestamptz);
CREATE INDEX idx_notifications_user ON notifications (user_id);
"""
INSERT_C = f"INSERT INTO notifications (user_id, type, title, message) VALUES ({ALICE}, 'alert', 'Old', 'x')"

NOTIFICATIONS_D = f"""{NOTIFICATIONS_A}
ALTER TABLE notifications ADD severity text, ADD metadata text DEFAULT '{{}}', ADD read_at timestamptz;
"""
INSERT_D = f"""INSERT INTO notifications (user_id, type, title, message, severity, metadata)
               VALUES ({ALICE}, 'info', 'Old', 'x', 'whatever', '{{"a": 1}}')"""

ACTIVITY = f"""
CREATE TABLE agent_activity_log (
    {ID}, {USER}, rule_id uuid, agent_name text NOT NULL, event_type text NOT NULL,
    action_taken text NOT NULL, context jsonb DEFAULT '{{}}', error_message text, {CREATED},
    status text NOT NULL DEFAULT 'success' CHECK (status IN ('success', 'failed', 'pending')));
"""
# As another script made it: no check, no default, and a column of its own.
ACTIVITY_OTHER = f"""
CREATE TABLE agent_activity_log (
    {ID}, {USER}, rule_id uuid, agent_name varchar(80) NOT NULL, event_type text NOT NULL,
    action_taken text NOT NULL, context jsonb, organization_id uuid NOT NULL, status text NOT NULL,
    {CREATED});
"""
ENTRY = "user_id, agent_name, event_type, action_taken"
INSERT_ACTIVITY = f"INSERT INTO agent_activity_log ({ENTRY}) VALUES ({ALICE}, 'old', 'sync', 'did it')"
INSERT_ACTIVITY_OTHER = f"""INSERT INTO agent_activity_log ({ENTRY}, organization_id, status)
                            VALUES ({ALICE}, 'old', 'sync', 'did it', gen_random_uuid(), 'whatever')"""

OPTIMIZATIONS = f"""
CREATE TABLE fusion_optimization_events (
    {ID}, source_event_type text NOT NULL, predicted_variance numeric(10, 6),
    predicted_stability numeric(10, 6),
    optimization_action text NOT NULL CHECK (optimization_action IN ('pre_tune', 'stabilize', 'recalibrate')),
    parameter_delta jsonb, efficiency_index numeric(10, 6), applied boolean DEFAULT false, {CREATED});
CREATE VIEW optimization_events AS SELECT id, source_event_type, predicted_variance, predicted_stability,
    optimization_action, parameter_delta, efficiency_index, applied, created_at
    FROM fusion_optimization_events;
"""
INSERT_OPTIMIZATION = """INSERT INTO optimization_events (source_event_type, optimization_action,
                                                          efficiency_index)
                         VALUES ('drift', 'pre_tune', 61.25)"""

RULES_OLDER = f"""
CREATE TABLE automation_rules (
    {ID}, organization_id uuid NOT NULL, name text NOT NULL, description text, trigger_type text NOT NULL,
    condition jsonb, action jsonb NOT NULL, created_by uuid, updated_at timestamptz DEFAULT now(),
    {CREATED}, last_triggered_at timestamptz,
    status text DEFAULT 'active' CHECK (status IN ('active', 'paused', 'archived')));
CREATE TABLE rule_executions (rule_id uuid NOT NULL REFERENCES automation_rules ON DELETE CASCADE);
"""
INSERT_RULE_OLDER = """INSERT INTO automation_rules (organization_id, name, trigger_type, action, status)
                       VALUES (gen_random_uuid(), 'Old', 'schedule', '{}', 'archived')"""

ACTIONS = f"""
CREATE TABLE fusion_automation_rules ({ID});
CREATE TABLE fusion_action_log (
    {ID}, rule_id uuid REFERENCES fusion_automation_rules, integration_name text NOT NULL, insight_id uuid,
    action_type text NOT NULL, action_result text, {CREATED}, organization_id uuid,
    status text NOT NULL CHECK (status IN ('success', 'failed')));
"""
INSERT_ACTION = """INSERT INTO fusion_action_log (integration_name, action_type, status)
                   VALUES ('slack', 'ping', 'success')"""

SHAPES = {
    "notifications A": Shape(model="Notification", create=NOTIFICATIONS_A, insert=INSERT_A),
    "notifications B": Shape(
        model="Notification",
        create=f"{NOTIFICATIONS_A} ALTER TABLE notifications ADD updated_at timestamptz DEFAULT now();",
        insert=INSERT_A,
    ),
    "notifications C": Shape(model="Notification", create=NOTIFICATIONS_C, insert=INSERT_C),
    "notifications D": Shape(model="Notification", create=NOTIFICATIONS_D, insert=INSERT_D),
    "activity": Shape(model="ActivityEntry", create=ACTIVITY, insert=INSERT_ACTIVITY),
    "activity, other": Shape(model="ActivityEntry", create=ACTIVITY_OTHER, insert=INSERT_ACTIVITY_OTHER),
    "optimizations": Shape(model="OptimizationEvent", create=OPTIMIZATIONS, insert=INSERT_OPTIMIZATION),
    "rules, older": Shape(model="Rule", create=RULES_OLDER, insert=INSERT_RULE_OLDER),
    "actions": Shape(model="ActionLog", create=ACTIONS, insert=INSERT_ACTION),
}
