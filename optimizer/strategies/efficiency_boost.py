"""efficiency_boost: for a low efficiency index."""

from optimizer.strategies import Strategy


class EfficiencyBoost(Strategy):
    kind = "efficiency_boost"
    label = "Efficiency boost"
    metrics = ("efficiency_index",)

    def recommend(self, value: float | None, threshold: float, target: str) -> list[str]:
        steps = ["Recalibrate the weights of the integrations from their last 30 days."]
        if value is not None and threshold - value > 20:
            steps.insert(0, "Stabilize first: freeze automatic weight changes until the index has recovered.")
        return [*steps, "Lower the learning rate by a tenth while the index stays below the threshold."]
