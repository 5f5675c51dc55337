"""The plug for the health of rules: those whose alerts reach no further than the inbox, as no channel works."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.urls import reverse

from notifications.actions import Alert, Notify
from rules.health.check import Facts, HealthCheck

# As text: in an adopted table the column need not be JSON. Whom a rule names besides, may hear it.
CONFIG = "coalesce(r.action_config::text, '')"
OWNER_ONLY = rf"""({CONFIG} !~ '"recipients"'
                   OR {CONFIG} ~ '"recipients": *(\[\]|null|""|"owner"|\["owner"\])')"""


class BrokenChannel(HealthCheck):
    kind = "broken_channel"
    label = "No working channel"
    advice = "Fix and test a channel, or enable one. Until then notifications appear in the inbox only."
    link_text = "View channels"
    sql = f"""
SELECT r.id AS rule_id, c.broken AS weight,
       jsonb_build_object('owner', coalesce(nullif(u.full_name, ''), u.email), 'person', u.id, 'channels', c.channels,
                          'broken', c.broken, 'off', c.off, 'name', c.name, 'cause', c.cause) AS facts
  FROM rules r JOIN smartagent_users u ON u.id = r.user_id
  JOIN (SELECT user_id, count(*) AS channels, count(*) FILTER (WHERE NOT enabled) AS off,
               count(*) FILTER (WHERE enabled AND opened_at IS NOT NULL) AS broken,
               (array_agg(name ORDER BY enabled DESC, opened_at))[1] AS name,
               (array_agg(cause ORDER BY enabled DESC, opened_at))[1] AS cause
          FROM channels GROUP BY user_id) AS c ON c.user_id = r.user_id
 WHERE r.status = 'active' AND u.is_active AND r.action_type = ANY(%(broken_channel_telling)s)
   AND c.channels = c.broken + c.off AND {OWNER_ONLY}
"""

    def params(self, now: datetime) -> dict[str, Any]:
        return {"broken_channel_telling": [Alert.kind, Notify.kind]}

    def words(self, facts: Facts) -> str:
        owner, count = facts["owner"], facts["channels"]
        because = f": {facts['cause']}" if facts["broken"] and facts["cause"] else "."
        if count == 1:
            state = "is broken" if facts["broken"] else "is disabled"
            return f"The rule notifies {owner}, whose only channel “{facts['name']}” {state}{because}"
        states = [f"{facts[word]} {shown}" for word, shown in (("broken", "broken"), ("off", "off")) if facts[word]]
        newest = f" “{facts['name']}”{because}" if facts["broken"] else ""
        return f"The rule notifies {owner}, none of whose {count} channels works: {', '.join(states)}.{newest}"

    def link(self, rule_id: UUID, facts: Facts) -> str:
        return f"{reverse('admin:notifications_channel_changelist')}?owner={facts['person']}"
