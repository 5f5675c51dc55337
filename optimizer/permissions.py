"""The permission to respond to a proposal."""

from typing import Any

from optimizer.models import OptimizationEvent

DECIDE = "optimizer.change_optimizationevent"


def may_decide(user: Any, event: OptimizationEvent) -> bool:
    """Whether `user` may respond to this proposal."""
    if not user.has_perm(DECIDE):
        return False
    return bool(OptimizationEvent.objects.changeable_by(user).filter(pk=event.pk).exists())
