"""Scheduled tasks of signing in."""

from django.utils import timezone

from smartagent.accounts.session_store import SessionStore
from smartagent.kernel.attempts import forget_old_attempts
from smartagent.kernel.request_rates import forget_old_counts


def forget_expired() -> None:
    """Delete sessions that are over, and failed attempts and requests that do not count any more."""
    SessionStore.clear_expired()
    forget_old_attempts(timezone.now())
    forget_old_counts()
