"""Query sets of channels and deliveries, and set-based updates."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Self
from uuid import UUID

from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Greatest

from smartagent.kernel.scope import OwnedQuerySet

DELIVERY_TTL = timedelta(hours=24)


class ChannelQuerySet(OwnedQuerySet):
    def in_use(self) -> Self:
        """Enabled channels."""
        return self.filter(enabled=True)

    def broken(self) -> Self:
        """Channels whose circuit breaker is open."""
        return self.filter(opened_at__isnull=False)


class DeliveryQuerySet(OwnedQuerySet):
    def dead(self) -> Self:
        """Deliveries that failed permanently."""
        return self.filter(status="dead")

    def unsettled(self) -> Self:
        """Deliveries without a final status."""
        return self.filter(status__in=["waiting", "held", "due", "sending"])

    def resendable(self) -> Self:
        """Deliveries that failed or were skipped, and whose channel is enabled."""
        return self.filter(Q(status="dead") | Q(status="skipped"), channel__isnull=False, channel__enabled=True)

    def resend(self, now: datetime) -> int:
        """Make failed and skipped deliveries due again, as new; return their number."""
        return self.resendable().update(
            status="due",
            cause="",
            due_at=now,
            attempt_count=0,
            settled_at=None,
            leased_until=None,
            expires_at=now + DELIVERY_TTL,
        )

    def give_to(self, channel: UUID, name: str, kind: str, now: datetime) -> int:
        """Assign deliveries that wait for a channel to this one; return their number."""
        return self.filter(status="waiting", expires_at__gt=now).update(
            channel=channel, channel_name=name, kind=kind, status="due", cause="", due_at=now,
            expires_at=Greatest(F("expires_at"), Value(now + DELIVERY_TTL / 2)),
        )  # fmt: skip

    def by_severity(self) -> Self:
        """Most severe first, then newest."""
        places = [When(severity=name, then=place) for place, name in enumerate(("critical", "high", "medium", "low"))]
        return self.order_by(Case(*places, default=9), "-created_at", "id")

    def of_notifications(self, notifications: Iterable[UUID]) -> Self:
        """The deliveries of these notifications."""
        return self.filter(notification__in=list(notifications))
