"""Rules whose owner was deactivated. Recipients are checked in `notifications.rule_checks`."""

from datetime import datetime
from typing import Any

from django.urls import reverse

from rules.health.check import Facts, HealthCheck
from rules.registries import actions


class OwnerGone(HealthCheck):
    kind = "owner_gone"
    label = "Owner deactivated"
    advice = "Assign the rule to another owner, or delete it."
    link_text = "Edit rule"
    sql = """
SELECT r.id AS rule_id, 1 AS weight, jsonb_build_object('owner', coalesce(nullif(u.full_name, ''), u.email)) AS facts
  FROM rules r JOIN smartagent_users u ON u.id = r.user_id
 WHERE r.status = 'active' AND NOT u.is_active AND r.action_type <> ALL(%(owner_gone_notifying)s)
"""

    def params(self, now: datetime) -> dict[str, Any]:
        return {"owner_gone_notifying": [action.kind for action in actions if action.notifies_resolved]}

    def words(self, facts: Facts) -> str:
        return f"{facts['owner']} is deactivated, so the rule is not evaluated."

    def link(self, rule_id: object, facts: Facts) -> str:
        return reverse("admin:rules_automationrule_change", args=[rule_id])
