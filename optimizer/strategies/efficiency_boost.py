"""efficiency_boost: for a low efficiency index."""

from optimizer.strategies import Strategy
from optimizer.strategies.common_steps import engine, numbers, reweighting
from optimizer.strategies.proposal import Facts, IntegrationFact, Proposal, ProposedStep

OFTEN = 30  # minutes: what synchronises more often may do so less often


class EfficiencyBoost(Strategy):
    kind = "efficiency_boost"
    label = "Efficiency boost"
    help = (
        "Reduces the sync frequency of busy integrations, increases the weight of stable "
        "metrics, and finds slow queries."
    )
    metrics = ("efficiency_index",)

    def propose(self, facts: Facts) -> Proposal:
        busy = [one for one in facts.integrations if one.status == "active" and (one.sync_minutes or OFTEN) < OFTEN]
        steps = [_slower(one) for one in busy]
        if weights := reweighting(facts):
            steps.append(weights)
        steps += engine(facts)
        steps.append(ProposedStep(
            operation="analyze_slow_queries", reason="A busy database slows down the platform.",
            expected="The most expensive statements, as evidence.",
        ))  # fmt: skip
        counted = (
            f" {len(busy)} of {len(facts.integrations)} integrations synchronise more often than every {OFTEN} minutes."
        )
        reason = numbers(facts, "efficiency index") + (counted if facts.integrations else "")
        return Proposal(reason=reason, steps=tuple(steps))


def _slower(one: IntegrationFact) -> ProposedStep:
    minutes = one.sync_minutes or OFTEN
    slower = min(minutes * 2, OFTEN)
    return ProposedStep(
        operation="adjust_sync_interval", integration=one.id, parameters={"minutes": slower},
        reason=f"{one.kind} synchronises every {minutes} minutes.",
        expected=f"Synchronising every {slower} minutes costs {100 * (slower - minutes) / slower:.0f} % less.",
    )  # fmt: skip
