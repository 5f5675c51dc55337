"""Scheduled tasks of signing in."""

from django.utils import timezone

from smartagent.kernel.attempts import forget_old_attempts


def forget_expired() -> None:
    """Delete failed attempts that do not count any more."""
    forget_old_attempts(timezone.now())
