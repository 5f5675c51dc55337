"""Rules whose notifications were mostly rated as noise."""

from rules.health.check import Facts, HealthCheck
from rules.health.feedback_counts import FEEDBACK_BY_RULE_SQL
from rules.health.precision import MIN_FEEDBACK, POOR, Precision, upper_sql


class Imprecise(HealthCheck):
    kind = "imprecise"
    label = "Mostly noise"
    advice = "Use the suggested threshold on the rule page, or lengthen the pending period."
    link_text = "Show suggestion"
    sql = f"""
SELECT rule_id, noise AS weight, jsonb_build_object('useful', useful, 'noise', noise) AS facts
  FROM ({FEEDBACK_BY_RULE_SQL}) AS judged
 WHERE useful + noise >= {MIN_FEEDBACK} AND {upper_sql("useful", "(useful + noise)")} < {POOR}
"""

    def words(self, facts: Facts) -> str:
        return str(Precision(facts["useful"], facts["noise"]))
