"""The banner that says on every page that the optimizer is stopped, by whom and since when."""

from typing import Any

from django import template

from optimizer.models import ActionLog, OptimizerPolicy
from smartagent.kernel.schema_drift import known

register = template.Library()
VIEW, CHANGE = "optimizer.view_optimizerpolicy", "optimizer.change_optimizerpolicy"
BANNER_TABLES = {OptimizerPolicy._meta.db_table, ActionLog._meta.db_table}


@register.inclusion_tag("optimizer/stopped_banner.html", takes_context=True)
def stopped_banner(context: dict[str, Any]) -> dict[str, Any]:
    """The banner of a stopped optimizer, for people who may see the policy; empty where it runs."""
    request = context.get("request")
    user = getattr(request, "user", None)
    if user is None or not user.has_perm(VIEW) or any(each.table in BANNER_TABLES for each in known()):
        return {"stopped": False}
    if not OptimizerPolicy.objects.filter(pk=1, stopped=True).exists():
        return {"stopped": False}
    last = ActionLog.objects.filter(event=None, action_type="policy_stop").select_related("user")
    entry = last.only("created_at", "user__email", "user__full_name").first()
    return {"stopped": True, "entry": entry, "may_change": user.has_perm(CHANGE)}
