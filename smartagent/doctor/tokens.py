"""Tokens that expire soon, for what uses them stops working, and service accounts that nobody answers for."""

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Q

from smartagent.doctor.findings import Finding, warning
from smartagent.kernel.formats import counted
from smartagent.models import APIToken, ServiceAccount

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


def check_service_accounts() -> Iterator[Finding]:
    """Service accounts without an active owner: nobody reads what they are notified of."""
    found = ServiceAccount.objects.filter(Q(owner=None) | Q(owner__is_active=False), is_active=True)
    if count := found.count():
        names = ", ".join(account.full_name for account in found.order_by("full_name")[:MAX_NAMED])
        more = f" and {count - MAX_NAMED} more" if count > MAX_NAMED else ""
        problem = f"{counted(count, 'service account')} without an active owner: {names}{more}."
        yield warning("tokens", problem, "Give them an owner under Service accounts, or deactivate them.")
