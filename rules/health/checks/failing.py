"""Rules whose actions fail, or whose metric cannot be read."""

from uuid import UUID

from django.urls import reverse

from rules.health.check import Facts, HealthCheck, before, days, times
from smartagent.kernel.formats import counted


class Fails(HealthCheck):
    kind = "failing"
    label = "Failing"
    advice = "Find the error in the activity log and fix it. Failed actions are retried automatically."
    link_text = "Show failures"
    # Failures logged by the old application do not count (ActivityQuerySet.ours).
    # The log has only the beginning of an error that lasts.
    sql = f"""
WITH failures AS (
    SELECT e.rule_id, e.created_at, e.error_message AS cause, 0 AS stuck,
           CASE WHEN e.event_type = 'rule_error' THEN 0 ELSE 1 END AS action
      FROM agent_activity_log e JOIN rules r ON r.id = e.rule_id
     WHERE e.status = 'failed' AND (e.run_id IS NOT NULL OR e.executed_at IS NOT NULL)
       AND e.created_at > {before("7 days")} AND e.created_at <= %(now)s AND r.status = 'active'
    UNION ALL
    SELECT s.rule_id, s.since, s.reason, 1, 0 FROM rule_states s JOIN rules r ON r.id = s.rule_id
     WHERE s.condition = 'error' AND r.status = 'active'
)
SELECT rule_id, count(*) AS weight,
       jsonb_build_object('week', count(*) FILTER (WHERE stuck = 0),
                          'day', count(*) FILTER (WHERE stuck = 0 AND created_at > {before("24 hours")}),
                          'actions', sum(action), 'stuck', sum(stuck),
                          'days', floor(extract(epoch FROM %(now)s - min(created_at) FILTER (WHERE stuck = 1)) / 86400),
                          'cause', left((array_agg(cause ORDER BY created_at DESC))[1], 300)) AS facts
  FROM failures GROUP BY rule_id
"""

    def words(self, facts: Facts) -> str:
        return f"{' '.join(_counts(facts))} Last: {(facts['cause'] or 'no error text').rstrip('.')}."

    def link(self, rule_id: UUID, facts: Facts) -> str:
        query = f"rule={rule_id}&status=failed&origin=smart_agent&within=7d"
        return f"{reverse('admin:rules_activityentry_changelist')}?{query}"


def _counts(facts: Facts) -> list[str]:
    failed, unread = facts["actions"], facts["week"] - facts["actions"]
    what = " and ".join(
        [f"the action failed {times(failed)}"] * bool(failed)
        + [f"the metric could not be read {times(unread)}"] * bool(unread)
    )
    sentences = [f"In 7 days {what}; {facts['day']:,} of them in the last 24 hours."] if what else []
    if facts["stuck"]:
        since = f", the first for {days(facts['days'])}" if facts["days"] else ""
        sentences.append(f"{counted(facts['stuck'], 'instance')} cannot be read now{since}.")
    return sentences
