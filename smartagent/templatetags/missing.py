"""The banner that says on every page what the database lacks, until it is repaired."""

from typing import Any

from django import template

from smartagent.doctor.permissions import may_look
from smartagent.missing import in_words, known

register = template.Library()


@register.inclusion_tag("smartagent/missing_banner.html", takes_context=True)
def missing_banner(context: dict[str, Any]) -> dict[str, Any]:
    """For those who look after the installation."""
    request = context.get("request")
    missing = known() if request is not None and hasattr(request, "user") and may_look(request) else ()
    return {"words": in_words(missing) if missing else ""}
