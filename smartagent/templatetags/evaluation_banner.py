"""The banner that says on every page that rules are not evaluated on time, and what to do."""

import time
from datetime import datetime
from typing import Any

from django import template
from django.utils import timezone

from rules.models import DispatchRun
from smartagent.doctor.permissions import may_look
from smartagent.doctor.scheduler import is_late, last_evaluation
from smartagent.kernel.replica import on_primary
from smartagent.kernel.schema_drift import known
from smartagent.postgres import hidden_rows

REMEMBERED_SECONDS = 15.0
register = template.Library()


@register.inclusion_tag("smartagent/late_evaluation_banner.html", takes_context=True)
def late_evaluation_banner(context: dict[str, Any]) -> dict[str, Any]:
    """For everybody who is signed in; what a process has seen in the last seconds is not asked again."""
    request = context.get("request")
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated or _cannot_know():
        return {"since": None}
    ended = EvaluationMemory.ended()
    late = ended is not None and is_late(ended, timezone.now())
    return {"since": ended if late else None, "may_look": may_look(request) if late and request else False}


class EvaluationMemory:
    """When the newest scheduled evaluation ended, as this process has seen it."""

    _ended: datetime | None = None
    _until = 0.0

    @classmethod
    def ended(cls) -> datetime | None:
        """When it ended; None without one."""
        if time.monotonic() >= cls._until:
            with on_primary():  # a replica that is behind would say so of an evaluator that is not
                found = last_evaluation()
            cls._ended, cls._until = found[0] if found else None, time.monotonic() + REMEMBERED_SECONDS
        return cls._ended

    @classmethod
    def forget(cls) -> None:
        """Let the next who asks look again."""
        cls._until = 0.0


def _cannot_know() -> bool:
    """Whether runs cannot be read: another banner says that."""
    return bool(hidden_rows.known()) or any(each.table == DispatchRun._meta.db_table for each in known())
