"""Limits on links to set a new password: how many are sent."""

from datetime import datetime, timedelta

from django.http import HttpRequest

from smartagent.kernel.attempts import BackOff, Blocked, attempts_key, take
from smartagent.kernel.client_address import client_address, network_of

LINKS_PER_ACCOUNT = BackOff(free=3, first=timedelta(minutes=10), longest=timedelta(days=1))
REQUESTS_PER_ADDRESS = BackOff(free=20, first=timedelta(minutes=1), longest=timedelta(hours=1))


def may_send_reset(request: HttpRequest, email: str, now: datetime) -> bool:
    """Count a request for a link; whether the account gets one. Blocked where the address has asked for too many."""
    take([(attempts_key("reset-address", network_of(client_address(request))), REQUESTS_PER_ADDRESS)], now)
    try:
        take([(attempts_key("reset-account", email.strip().lower()), LINKS_PER_ACCOUNT)], now)
    except Blocked:
        return False
    return True
