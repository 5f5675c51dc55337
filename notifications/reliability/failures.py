"""The last deliveries that failed, with their errors."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from notifications.models import Delivery
from notifications.reliability.figures import PERIODS

MAX_FAILURES = 10


def last_failures(now: datetime) -> QuerySet[Any]:
    """Those of the last 30 days, newest first; tests are left out."""
    failed = Delivery.objects.dead().filter(created_at__gte=now - PERIODS["30d"]).exclude(reason="test")
    return failed.select_related("channel", "user").order_by("-created_at", "-id")[:MAX_FAILURES]
