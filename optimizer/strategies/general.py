"""general: for metrics that no other strategy knows."""

from optimizer.strategies import Strategy
from optimizer.strategies.common_steps import by_hand, engine, numbers, recovery
from optimizer.strategies.proposal import Facts, Proposal, ProposedStep


class General(Strategy):
    kind = "general"
    label = "General"
    help = "Recovers failing integrations, calls the optimization engine if there is one, and collects evidence."

    def propose(self, facts: Facts) -> Proposal:
        ill = [one for one in facts.concerned if one.is_unwell]
        steps = [step for one in ill for step in recovery(one, facts.now)] + engine(facts)
        steps.append(ProposedStep(
            operation="analyze_slow_queries", reason="A busy database slows down the platform.",
            expected="The most expensive statements, as evidence.",
        ))  # fmt: skip
        advice = [by_hand(one, facts.now) for one in ill if not recovery(one, facts.now)]
        advice.append("Compare the series with the last time it was within its threshold, and check what changed then.")
        return Proposal(reason=numbers(facts, facts.metric), steps=tuple(steps), advice=tuple(advice))
