from datetime import datetime
from typing import Any

from optimizer.execution.runner import dry_run
from optimizer.models import OptimizationEvent
from optimizer.text.proposal import operation_name


def would_change(event: OptimizationEvent, now: datetime) -> list[dict[str, Any]]:
    """The changes of each operation, or why it cannot run. Changes nothing and calls nobody."""
    return [
        {"label": operation_name(step.operation), "changes": changes, "problem": problem}
        for step, changes, problem in dry_run(event, now)
    ]
