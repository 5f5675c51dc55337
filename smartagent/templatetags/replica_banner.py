"""The line that says of when a page is that was read from the replica."""

from datetime import timedelta
from typing import Any

from django import template

from smartagent.kernel.durations import format_duration
from smartagent.shell.replica_reads import SHOWN_FROM

register = template.Library()


@register.inclusion_tag("smartagent/replica_banner.html", takes_context=True)
def replica_banner(context: dict[str, Any]) -> dict[str, Any]:
    """Shown where the replica is some seconds behind."""
    lag = getattr(context.get("request"), "replica_lag", None)
    return {"age": format_duration(timedelta(seconds=round(lag))) if lag is not None and lag >= SHOWN_FROM else ""}
