"""Scheduled tasks of signing in, by a browser or a token."""

from datetime import timedelta

from django.utils import timezone

from smartagent.accounts.session_store import SessionStore
from smartagent.kernel.attempts import forget_old_attempts
from smartagent.kernel.request_rates import forget_old_counts
from smartagent.models import APIToken

EXPIRED_TOKENS_KEPT = timedelta(days=30)


def forget_expired() -> None:
    """Delete sessions that are over, failed attempts and requests that do not count any more, and tokens that expired
    a month ago."""
    SessionStore.clear_expired()
    forget_old_attempts(timezone.now())
    forget_old_counts()
    APIToken.objects.filter(expires_at__lt=timezone.now() - EXPIRED_TOKENS_KEPT).delete()
