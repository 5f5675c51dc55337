"""Scheduled tasks of signing in."""

from django.utils import timezone

from smartagent.accounts.session_store import SessionStore
from smartagent.kernel.attempts import forget_old_attempts


def forget_expired() -> None:
    """Delete sessions that are over, and failed attempts that do not count any more."""
    SessionStore.clear_expired()
    forget_old_attempts(timezone.now())
