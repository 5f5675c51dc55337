"""A database as the old application leaves it, with many rows, for measuring a takeover."""

from django.db import connection

MAX_LEGACY_PEOPLE = 5000
LEGACY_TABLES = (
    """CREATE SCHEMA auth""",
    """CREATE TABLE auth.users (
           id uuid PRIMARY KEY DEFAULT gen_random_uuid(), email text, encrypted_password text,
           raw_user_meta_data jsonb, raw_app_meta_data jsonb, last_sign_in_at timestamptz,
           created_at timestamptz DEFAULT now(), updated_at timestamptz DEFAULT now())""",
    """CREATE FUNCTION auth.uid() RETURNS uuid LANGUAGE sql STABLE AS
           $$ SELECT nullif(current_setting('request.jwt.claim.sub', true), '')::uuid $$""",
    """CREATE TABLE profiles (
           id uuid PRIMARY KEY REFERENCES auth.users (id) ON DELETE CASCADE, email text, full_name text,
           role text DEFAULT 'user', created_at timestamptz DEFAULT now(), updated_at timestamptz DEFAULT now())""",
    """CREATE TABLE notifications (
           id uuid PRIMARY KEY DEFAULT gen_random_uuid(), user_id uuid REFERENCES auth.users (id) ON DELETE CASCADE,
           type text NOT NULL CHECK (type IN ('info', 'warning', 'error', 'success')), title text NOT NULL,
           message text NOT NULL, is_read boolean DEFAULT false, action_url text,
           created_at timestamptz DEFAULT now())""",
    """ALTER TABLE notifications ENABLE ROW LEVEL SECURITY""",
    """CREATE POLICY own ON notifications FOR SELECT USING (auth.uid() = user_id)""",
    """CREATE TABLE fusion_audit_log (
           id uuid PRIMARY KEY DEFAULT gen_random_uuid(), user_id uuid REFERENCES auth.users (id) ON DELETE CASCADE,
           integration_id uuid, event_type text NOT NULL CHECK (event_type IN ('email_failed', 'manual_recalibration')),
           status text CHECK (status IN ('success', 'failed', 'partial')), error_message text,
           created_at timestamptz DEFAULT now())""",
    """CREATE TABLE fusion_optimization_events (
           id uuid PRIMARY KEY DEFAULT gen_random_uuid(), source_event_type text NOT NULL,
           predicted_variance numeric(10, 6), predicted_stability numeric(10, 6),
           optimization_action text NOT NULL CHECK (optimization_action IN ('pre_tune', 'stabilize', 'recalibrate')),
           parameter_delta jsonb, efficiency_index numeric(10, 6), applied boolean DEFAULT false,
           created_at timestamptz DEFAULT now())""",
    """CREATE VIEW optimization_events AS SELECT id, source_event_type, predicted_variance, predicted_stability,
           optimization_action, parameter_delta, efficiency_index, applied, created_at
           FROM fusion_optimization_events""",
)
WHOEVER = "lpad(to_hex(1 + n %% %(people)s), 32, '0')::uuid"
LEGACY_ROWS = (
    f"""INSERT INTO auth.users (id, email, encrypted_password)
        SELECT {WHOEVER}, 'person' || n || '@old.example', '$2a$10$' || repeat('x', 53)
          FROM generate_series(0, %(people)s - 1) n""",
    """INSERT INTO profiles (id, email, full_name) SELECT id, email, 'Somebody' FROM auth.users""",
    f"""INSERT INTO notifications (user_id, type, title, message, is_read, created_at)
        SELECT {WHOEVER}, (ARRAY['info', 'warning', 'error', 'success'])[n %% 4 + 1], 'Number ' || n,
               'A message of about the length that one has.', n %% 3 = 0, now() - n * interval '1 second'
          FROM generate_series(1, %(rows)s) n""",
    f"""INSERT INTO fusion_audit_log (user_id, event_type, status, created_at)
        SELECT {WHOEVER}, 'email_failed', (ARRAY['success', 'failed', 'partial'])[n %% 3 + 1],
               now() - n * interval '1 minute'
          FROM generate_series(1, %(rows)s / 4) n""",
    """INSERT INTO fusion_optimization_events (source_event_type, optimization_action, efficiency_index, applied,
                                               created_at)
       SELECT 'drift', 'pre_tune', n %% 100, n %% 2 = 0, now() - n * interval '1 minute'
         FROM generate_series(1, %(rows)s / 4) n""",
    """CREATE INDEX idx_notifications_user_id ON notifications (user_id)""",
    """VACUUM ANALYZE""",
)


def make_legacy(rows: int) -> None:
    """Create the old application's tables in the database of the default connection, with `rows` notifications.

    There is one person for every 20 notifications, and at most 5,000.
    """
    counts = {"rows": rows, "people": max(1, min(rows // 20, MAX_LEGACY_PEOPLE))}
    with connection.cursor() as cursor:
        for statement in LEGACY_TABLES:
            cursor.execute(statement)
        for statement in LEGACY_ROWS:
            cursor.execute(statement, counts)
