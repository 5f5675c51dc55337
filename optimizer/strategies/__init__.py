"""The port of strategies: what to recommend for a metric. One file each, one line in OPTIMIZER_STRATEGIES."""

from typing import ClassVar

from smartagent.registry import Registry


class Strategy:
    """What is recommended where one of `metrics` breaks its threshold."""

    kind: ClassVar[str]
    label: ClassVar[str]
    metrics: ClassVar[tuple[str, ...]] = ()

    def recommend(self, value: float | None, threshold: float, target: str) -> list[str]:
        """Return the recommended steps, the first one first."""
        raise NotImplementedError(f"{type(self).__name__} must recommend().")


strategies: Registry[Strategy] = Registry("OPTIMIZER_STRATEGIES")


def strategy_for(metric: str) -> Strategy:
    """The strategy that knows `metric`, else the general one."""
    return next((strategy for strategy in strategies if metric in strategy.metrics), strategies["general"])
