"""Operations that change nothing, so that there is no effect to measure."""

from optimizer.models import OptimizationEvent
from optimizer.models import OptimizationStep as Step
from optimizer.registries import operations


def unchanging() -> list[str]:
    """The operations that only query, read or note."""
    return [operation.kind for operation in operations if not operation.changes]


def changed_nothing(event: OptimizationEvent) -> bool:
    """Whether all its completed steps only queried, read or noted; manual steps count as a change."""
    done = event.steps.filter(status=Step.Status.DONE)
    return done.exists() and not done.exclude(operation__in=unchanging()).exists()
