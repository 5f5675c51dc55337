"""Rules of which people say that most of what they tell is noise."""

from rules.health.check import Facts, HealthCheck
from rules.health.feedback_counts import COUNTED
from rules.health.precision import MIN_FEEDBACK, POOR, Precision, upper_sql


class Imprecise(HealthCheck):
    kind = "imprecise"
    label = "Mostly noise"
    advice = "Take the threshold that is proposed on its page, or let the condition hold for longer before it fires."
    link_text = "See the proposal"
    sql = f"""
SELECT rule_id, noise AS weight, jsonb_build_object('useful', useful, 'noise', noise) AS facts
  FROM ({COUNTED}) AS judged
 WHERE useful + noise >= {MIN_FEEDBACK} AND {upper_sql("useful", "(useful + noise)")} < {POOR}
"""

    def words(self, facts: Facts) -> str:
        return str(Precision(facts["useful"], facts["noise"]))
