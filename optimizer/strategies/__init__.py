"""The port of strategies: what to do where a metric breaks. One file each, one line in OPTIMIZER_STRATEGIES.

A strategy looks at facts and nothing else: the same facts give the same proposal.
"""

from typing import ClassVar

from optimizer.strategies.proposal import Facts, Proposal
from smartagent.kernel.registry import Registry


class Strategy:
    """A strategy: the proposal where one of `metrics` breaks its threshold."""

    kind: ClassVar[str]
    label: ClassVar[str]
    help: ClassVar[str] = ""
    metrics: ClassVar[tuple[str, ...]] = ()

    def propose(self, facts: Facts) -> Proposal:
        """Return the proposal; one without steps has advice at least."""
        raise NotImplementedError(f"{type(self).__name__} must propose().")


strategies: Registry[Strategy] = Registry("OPTIMIZER_STRATEGIES")


def strategy_for(metric: str) -> Strategy:
    """The strategy that knows `metric`, else the general one."""
    return next((strategy for strategy in strategies if metric in strategy.metrics), strategies["general"])
