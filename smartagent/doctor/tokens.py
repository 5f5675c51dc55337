"""Tokens that expire soon: what uses them stops working."""

from collections.abc import Iterator
from datetime import datetime

from smartagent.doctor.findings import Finding, warning
from smartagent.kernel.formats import counted
from smartagent.models import APIToken

DAYS, MAX_NAMED = 7, 3


def check_tokens(now: datetime) -> Iterator[Finding]:
    """Tokens that expire within a week, and have no successor yet."""
    found = APIToken.objects.expiring(DAYS, now)
    if count := found.count():
        first = found.select_related("user").order_by("expires_at")[:MAX_NAMED]
        named = [f"{token.name} ({token.user})" for token in first]
        more = f" and {count - MAX_NAMED} more" if count > MAX_NAMED else ""
        problem = f"{counted(count, 'API token')} will expire within {DAYS} days: {', '.join(named)}{more}."
        yield warning("tokens", problem, "Rotate them under API tokens; the previous ones work on meanwhile.")
