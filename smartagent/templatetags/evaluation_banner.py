"""The banner that says on every page that rules are not evaluated on time, and what to do."""

from typing import Any

from django import template
from django.utils import timezone

from rules.models import DispatchRun
from smartagent.doctor.permissions import may_look
from smartagent.doctor.scheduler import is_late, last_evaluation
from smartagent.kernel.schema_drift import known
from smartagent.postgres import hidden_rows

register = template.Library()


@register.inclusion_tag("smartagent/late_evaluation_banner.html", takes_context=True)
def late_evaluation_banner(context: dict[str, Any]) -> dict[str, Any]:
    """For everybody who is signed in; one statement by the index of the newest runs."""
    request = context.get("request")
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated or _cannot_know():
        return {"since": None}
    ended = last_evaluation()
    late = ended is not None and is_late(ended[0], timezone.now())
    return {"since": ended[0] if ended and late else None, "may_look": may_look(request) if late and request else False}


def _cannot_know() -> bool:
    """Whether runs cannot be read: another banner says that."""
    return bool(hidden_rows.known()) or any(each.table == DispatchRun._meta.db_table for each in known())
