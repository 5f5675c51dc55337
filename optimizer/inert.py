"""Operations that change nothing: what they do has no effect that could be measured."""

from optimizer.models import OptimizationEvent
from optimizer.models import OptimizationStep as Step
from optimizer.registries import operations


def unchanging() -> list[str]:
    """The operations that only ask, read or note."""
    return [operation.kind for operation in operations if not operation.changes]


def changed_nothing(event: OptimizationEvent) -> bool:
    """Whether all that was done of it only asked, read or noted; what somebody did by hand did more."""
    done = event.steps.filter(status=Step.Status.DONE)
    return done.exists() and not done.exclude(operation__in=unchanging()).exists()
