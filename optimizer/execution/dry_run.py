from datetime import datetime
from typing import Any

from optimizer.execution.runner import dry_run
from optimizer.models import OptimizationEvent
from optimizer.text.proposal import operation_name


def would_change(event: OptimizationEvent, now: datetime) -> list[dict[str, Any]]:
    """What each operation would change, or why it cannot; nothing is changed, and nobody is spoken to."""
    return [
        {"label": operation_name(step.operation), "changes": changes, "problem": problem}
        for step, changes, problem in dry_run(event, now)
    ]
