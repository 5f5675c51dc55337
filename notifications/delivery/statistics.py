"""How deliveries went: how many arrived and failed, and how long they took, in one statement."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Aggregate, Count, ExpressionWrapper, F, FloatField, Q
from django.db.models.functions import Extract, Greatest

from notifications.models.delivery_querysets import DeliveryQuerySet
from notifications.routing.router import NOTIFICATION_TTL

SINCE = timedelta(days=7)


class Percentile(Aggregate):
    """The value below which a part of them lies: `percentile_cont(part) WITHIN GROUP (ORDER BY value)`."""

    function = "percentile_cont"
    template = "percentile_cont(%(part)s) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = FloatField()

    def __init__(self, expression: Any, part: float, **extra: Any) -> None:
        super().__init__(expression, part=part, **extra)


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures of the last seven days. Seconds are from the planned time to the receipt; None without any."""

    delivered: int
    failed: int
    median: float | None
    slow: float | None  # 95 of 100 were quicker

    @property
    def failure_rate(self) -> float | None:
        """The failed share of settled deliveries in percent; None without any."""
        settled = self.delivered + self.failed
        return round(100 * self.failed / settled, 1) if settled else None


# What was held, or is sent again, was to go out later than it was written: so long before it expires.
MEANT = Greatest(F("created_at"), F("expires_at") - NOTIFICATION_TTL)
SECONDS = ExpressionWrapper(Extract(F("settled_at") - MEANT, "epoch"), output_field=FloatField())
DELIVERED = Q(status="delivered")


def figures_of(deliveries: DeliveryQuerySet, now: datetime) -> Figures:
    """The figures of these deliveries, of the last seven days."""
    recent = deliveries.filter(created_at__gte=now - SINCE).order_by()
    found = recent.aggregate(
        delivered=Count("pk", filter=DELIVERED), failed=Count("pk", filter=Q(status="dead")),
        median=Percentile(SECONDS, 0.5, filter=DELIVERED), slow=Percentile(SECONDS, 0.95, filter=DELIVERED),
    )  # fmt: skip
    return Figures(**found)
