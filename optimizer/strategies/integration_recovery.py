"""integration_recovery: for integrations that fail or are unwell."""

from optimizer.strategies import Strategy
from optimizer.strategies.common_steps import by_hand, numbers, recovery
from optimizer.strategies.proposal import Facts, Proposal


class IntegrationRecovery(Strategy):
    kind = "integration_recovery"
    label = "Integration recovery"
    help = "Refreshes tokens, checks connections, and refreshes the data of integrations."
    metrics = ("integration_health", "integration_error_count", "anomaly_count")

    def propose(self, facts: Facts) -> Proposal:
        ill = [one for one in facts.concerned if one.is_unwell or one.is_stale(facts.now)]
        steps = [step for one in ill for step in recovery(one, facts.now)]
        helpless = [one for one in ill if not recovery(one, facts.now)]
        advice = [by_hand(one, facts.now) for one in helpless]
        advice += [
            f"Find the common cause of {count:,} × {event} in the last 24 hours." for event, count in facts.errors[:3]
        ]
        if not steps and not advice:
            advice.append("All integrations report to be healthy; check the data they deliver.")
        found = ", ".join(f"{one.kind} is {one.status}" for one in ill) or "all report to be healthy"
        reason = f"{numbers(facts, facts.metric.replace('_', ' '))} Of the integrations, {found}."
        return Proposal(reason=reason, steps=tuple(steps), advice=tuple(advice))
