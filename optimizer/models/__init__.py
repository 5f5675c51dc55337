"""The models of the optimizer."""

from optimizer.models.action_log import ActionLog
from optimizer.models.event import OptimizationEvent
from optimizer.models.fusion_metric import FusionMetric
from optimizer.models.policy import OptimizerPolicy
from optimizer.models.step import OptimizationStep

__all__ = ["ActionLog", "FusionMetric", "OptimizationEvent", "OptimizationStep", "OptimizerPolicy"]
