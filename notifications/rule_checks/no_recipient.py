"""The plug for the health of rules: those that alert or notify somebody who cannot hear it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.urls import reverse

from notifications.actions import Alert, Notify
from rules.health.check import Facts, HealthCheck

# Whoever is in no group that may see notifications has no inbox.
HAS_INBOX = """
u.is_superuser
OR EXISTS (SELECT FROM smartagent_users_groups g JOIN auth_group_permissions gp USING (group_id)
             JOIN auth_permission p ON p.id = gp.permission_id JOIN django_content_type c ON c.id = p.content_type_id
            WHERE g.user_id = u.id AND p.codename = 'view_notification' AND c.app_label = 'notifications')
OR EXISTS (SELECT FROM smartagent_users_user_permissions up JOIN auth_permission p ON p.id = up.permission_id
             JOIN django_content_type c ON c.id = p.content_type_id
            WHERE up.user_id = u.id AND p.codename = 'view_notification' AND c.app_label = 'notifications')
"""


class NoRecipient(HealthCheck):
    kind = "no_recipient"
    label = "Nobody is notified"
    advice = "Assign the rule to an owner who can be notified, or add the owner to a group."
    link_text = "Edit the rule"
    sql = f"""
SELECT r.id AS rule_id, 1 AS weight,
       jsonb_build_object('owner', coalesce(nullif(u.full_name, ''), u.email), 'active', u.is_active,
                          'action', r.action_type) AS facts
  FROM rules r JOIN smartagent_users u ON u.id = r.user_id
 WHERE r.status = 'active' AND r.action_type = ANY(%(no_recipient_telling)s) AND (NOT u.is_active OR NOT ({HAS_INBOX}))
"""

    def params(self, now: datetime) -> dict[str, Any]:
        return {"no_recipient_telling": [Alert.kind, Notify.kind]}

    def words(self, facts: Facts) -> str:
        if not facts["active"]:
            return f"The owner, {facts['owner']}, is deactivated: the rule is not evaluated and nobody is notified."
        return f"The owner, {facts['owner']}, is in no group that may open an inbox."

    def link(self, rule_id: UUID, facts: Facts) -> str:
        return reverse("admin:rules_automationrule_change", args=[rule_id])
