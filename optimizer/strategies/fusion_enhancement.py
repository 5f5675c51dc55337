"""fusion_enhancement: for a low fusion score."""

from optimizer.strategies import Strategy
from optimizer.strategies.common_steps import by_hand, numbers, recovery, reweighting
from optimizer.strategies.proposal import Facts, Proposal


class FusionEnhancement(Strategy):
    kind = "fusion_enhancement"
    label = "Fusion enhancement"
    help = "Recovers integrations that are missing in the score, and increases the weight of stable metrics."
    metrics = ("fusion_score",)

    def propose(self, facts: Facts) -> Proposal:
        ill = [one for one in facts.concerned if one.is_unwell or one.is_stale(facts.now)]
        steps = [step for one in ill for step in recovery(one, facts.now)]
        if weights := reweighting(facts):
            steps.append(weights)
        advice = [by_hand(one, facts.now) for one in ill if not recovery(one, facts.now)]
        low = sorted(
            (one for one in facts.metrics if one.value is not None), key=lambda one: (one.value or 0, one.name)
        )
        if low:
            advice.append(
                f"Start with {low[0].name}: at {100 * float(low[0].value or 0):.0f} of 100 it is the lowest component."
            )
        if not steps and not advice:
            advice.append("The components of the score are unknown; check when the score fell and what changed then.")
        return Proposal(reason=numbers(facts, "fusion score"), steps=tuple(steps), advice=tuple(advice))
