"""The last runs of the self-test."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from notifications.models import SelfTestRun
from notifications.reliability.figures import PERIODS

MAX_RUNS = 10


def last_runs(now: datetime) -> QuerySet[Any]:
    """Those of the last 30 days, newest first."""
    return SelfTestRun.objects.filter(started_at__gte=now - PERIODS["30d"])[:MAX_RUNS]
