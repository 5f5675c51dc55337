"""Says on every page that the demo data are not complete yet."""

from typing import Any

from django import template

from smartagent.demo import progress

register = template.Library()


@register.inclusion_tag("smartagent/demo_banner.html")
def demo_banner() -> dict[str, Any]:
    """How far they are, where somebody makes them."""
    return {"percent": progress.percent()}
