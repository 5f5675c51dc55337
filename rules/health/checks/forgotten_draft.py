"""Drafts that have not been changed for a long time."""

from uuid import UUID

from django.urls import reverse

from rules.health.check import Facts, HealthCheck, before, days, days_sql

FORGOTTEN_AFTER = "30 days"


class ForgottenDraft(HealthCheck):
    kind = "forgotten_draft"
    label = "Forgotten drafts"
    advice = "Publish or delete the draft: drafts run no actions."
    link_text = "Edit draft"
    sql = f"""
SELECT id AS rule_id, {days_sql("updated_at")} AS weight, jsonb_build_object('days', {days_sql("updated_at")}) AS facts
  FROM rules WHERE status = 'draft' AND updated_at < {before(FORGOTTEN_AFTER)}
"""

    def words(self, facts: Facts) -> str:
        return f"Draft, unchanged for {days(facts['days'])}."

    def link(self, rule_id: UUID, facts: Facts) -> str:
        return reverse("admin:rules_automationrule_change", args=[rule_id])
