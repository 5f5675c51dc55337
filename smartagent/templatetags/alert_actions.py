"""Buttons for what is done to an alert in one step, on any page."""

from typing import Any

from django import template

from rules.instances.quick_actions import changeable, verbs_for
from rules.models import RuleState

register = template.Library()


@register.inclusion_tag("rules/_quick.html", takes_context=True)
def alert_actions(context: dict[str, Any], state: RuleState | None) -> dict[str, Any]:
    """The buttons of `state`, as far as the viewer may use them; nothing where it is not open."""
    request = context["request"]
    may = state is not None and state.pk in changeable(request.user, [state.pk])
    verbs = verbs_for([state], request.user) if may and state else []
    return {"request": request, "state": state, "verbs": verbs, "csrf_token": context.get("csrf_token")}
