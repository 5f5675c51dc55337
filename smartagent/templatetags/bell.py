"""The number on the bell."""

from typing import Any

from django import template
from django.utils.safestring import SafeString

from smartagent.dashboard.badges import unread

register = template.Library()


@register.simple_tag(takes_context=True)
def unread_badge(context: dict[str, Any]) -> SafeString:
    """How many unread notifications whoever looks has; empty where none."""
    return unread(context["request"])
