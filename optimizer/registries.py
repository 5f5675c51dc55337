"""The registries of the optimizer: operations, and the strategies that propose them."""

from optimizer.operations import operations
from optimizer.strategies import strategies, strategy_for

__all__ = ["operations", "strategies", "strategy_for"]
