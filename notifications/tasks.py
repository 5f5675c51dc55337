"""Scheduled tasks."""

from django.utils import timezone

from notifications.delivery.retention import forget_old as forget
from notifications.delivery.worker import deliver


def send_due() -> int:
    """Send what is due now; return the number of attempts. It does the whole work where no `manage.py deliver` runs,
    else a part of it."""
    return deliver(timezone.now())


def forget_old() -> str:
    """Delete what exceeds the retention; the result is kept in django-q2's task log."""
    forgotten = forget(timezone.now())
    return f"{forgotten['notifications']} notifications, {forgotten['deliveries']} deliveries"
