"""fusion_enhancement: for a low fusion score."""

from optimizer.strategies import Strategy


class FusionEnhancement(Strategy):
    kind = "fusion_enhancement"
    label = "Fusion enhancement"
    metrics = ("fusion_score",)

    def recommend(self, value: float | None, threshold: float, target: str) -> list[str]:
        where = target or "the weakest integration"
        return [
            f"Synchronise {where} again and compare its readings with the baseline.",
            "Raise the weight of the integrations whose scores are steady.",
            "Recalibrate the fusion score once all integrations are in sync.",
        ]
