"""Scheduled tasks."""

from django.utils import timezone

from notifications.delivery.retention import forget_old as forget
from notifications.delivery.worker import deliver


def send_due() -> int:
    """Send what is due now; return how many attempts that were. It sends where no `manage.py deliver` runs, and shares
    the work where one does."""
    return deliver(timezone.now())


def forget_old() -> str:
    """Delete what was kept for long enough; the answer stands with the task in django-q2's own log."""
    forgotten = forget(timezone.now())
    return f"{forgotten['notifications']} notifications, {forgotten['deliveries']} deliveries"
