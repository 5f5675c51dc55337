"""Queries of channels and deliveries, and changes of many in one statement."""

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
        """Those that messages go out by."""
        return self.filter(enabled=True)

    def broken(self) -> Self:
        """Those whose breaker is open."""
        return self.filter(opened_at__isnull=False)


class DeliveryQuerySet(OwnedQuerySet):
    def dead(self) -> Self:
        """Those that were given up."""
        return self.filter(status="dead")

    def unsettled(self) -> Self:
        """Those that are still on their way."""
        return self.filter(status__in=["waiting", "held", "due", "sending"])

    def resendable(self) -> Self:
        """Those that were given up or not sent, and whose channel is in use."""
        return self.filter(Q(status="dead") | Q(status="skipped"), channel__isnull=False, channel__enabled=True)

    def resend(self, now: datetime) -> int:
        """Send again what was given up or not sent, as though it were new; return how many they are."""
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
        """Let what waiting for a channel go out by this one; return how many they are."""
        return self.filter(status="waiting", expires_at__gt=now).update(
            channel=channel, channel_name=name, kind=kind, status="due", cause="", due_at=now,
            expires_at=Greatest(F("expires_at"), Value(now + DELIVERY_TTL / 2)),
        )  # fmt: skip

    def by_severity(self) -> Self:
        """What matters most first, then the newest."""
        places = [When(severity=name, then=place) for place, name in enumerate(("critical", "high", "medium", "low"))]
        return self.order_by(Case(*places, default=9), "-created_at", "id")

    def of_notifications(self, notifications: Iterable[UUID]) -> Self:
        """Where these messages went."""
        return self.filter(notification__in=list(notifications))
