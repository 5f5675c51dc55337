"""Clients of the old application's interface: they take a role for each request, and bring somebody's token."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

from tests.legacy.people import ALICE, CAROL
from tests.smartagent.adoption.conftest import run

# What members may do there, and a score of Alice's.
POLICIES = "".join(
    f"CREATE POLICY {table}_change ON {table} FOR UPDATE USING (auth.uid() = user_id);"
    for table in ("automation_rules", "notifications", "agent_activity_log", "integrations", "fusion_metrics")
)
INTERFACE = f"""
GRANT USAGE ON SCHEMA auth TO anon, authenticated, service_role;
{POLICIES}
ALTER TABLE profiles ENABLE ROW LEVEL SECURITY;
CREATE POLICY profiles_read ON profiles FOR SELECT USING (true);
CREATE POLICY profiles_sign_up ON profiles FOR INSERT WITH CHECK (true);
CREATE POLICY profiles_own ON profiles FOR UPDATE USING (auth.uid() = id);
CREATE POLICY profiles_of_admins ON profiles FOR UPDATE USING (auth.uid() = '{CAROL}');
CREATE POLICY events_change ON fusion_optimization_events FOR ALL USING (true);
CREATE POLICY action_log_change ON fusion_action_log FOR ALL USING (true);
GRANT ALL ON ALL TABLES IN SCHEMA legacy TO anon, authenticated, service_role;
UPDATE fusion_scores SET fusion_score = 40, calculated_at = now() WHERE user_id = '{ALICE}';
"""


@contextmanager
def client(role: str, person: str | None = None) -> Iterator[None]:
    """Statements of one request."""
    claims = json.dumps({"role": role} | ({"sub": person} if person else {}))
    for name, value in (("claims", claims), ("claim.sub", person or "")):
        run(f"SELECT set_config('request.jwt.{name}', '{value}', false)")
    run(f"SET ROLE {role}")
    try:
        yield
    finally:
        run("RESET ROLE")
        run("RESET request.jwt.claims; RESET request.jwt.claim.sub")
