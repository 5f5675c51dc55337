"""The plugs of rules: metric sources, actions, checks of health. Apart from the ports, so that models can name them."""

from typing import TYPE_CHECKING

from smartagent.kernel.registry import Registry

if TYPE_CHECKING:
    from rules.actions import Action
    from rules.health.check import HealthCheck
    from rules.metrics import MetricSource

metrics: "Registry[MetricSource]" = Registry("RULES_METRICS")
actions: "Registry[Action]" = Registry("RULES_ACTIONS")
checks: "Registry[HealthCheck]" = Registry("RULES_HEALTH")


def action_choices() -> list[tuple[str, str]]:
    """The actions that a rule can take."""
    return actions.choices()


def health_choices() -> list[tuple[str, str]]:
    """What can be wrong with a rule."""
    return checks.choices()
