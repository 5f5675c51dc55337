"""What the workers' clock runs: it sends what is due where no `manage.py deliver` runs, and shares the work where one
does."""

from django.utils import timezone

from notifications.delivery import deliver


def send_due() -> int:
    """Send what is due now; return how many attempts that were."""
    return deliver(timezone.now())
