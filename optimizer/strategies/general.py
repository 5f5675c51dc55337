"""general: for metrics that no other strategy knows."""

from optimizer.strategies import Strategy


class General(Strategy):
    kind = "general"
    label = "General"

    def recommend(self, value: float | None, threshold: float, target: str) -> list[str]:
        return [
            "Compare the series with the last time it was within its threshold.",
            "Look for what changed at that moment, and undo it where that is possible.",
        ]
