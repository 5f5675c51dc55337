"""Creating, changing and testing channels."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction

from notifications.channels.credentials import keep, known_of
from notifications.delivery.breaker_notices import forget
from notifications.delivery.pipeline import deliver_one
from notifications.gateway import Message, post
from notifications.models import Channel, Delivery, DeliveryAttempt
from smartagent.kernel.member_role import as_owner


class NotInUse(Exception):
    """This channel is disabled. Enable it first."""


def save(channel: Channel, values: dict[str, Any], now: datetime) -> int:
    """Save the settings, and resend deliveries that were waiting for a channel; return their number.

    Changed settings close the circuit breaker, and the channel counts as untested.
    """
    with transaction.atomic():
        before = known_of(channel)
        keep(channel, values)
        if known_of(channel) != before:
            channel.works_since = None
        forget(channel)
        channel.save()
        return take_over_waiting(channel, now)


def take_over_waiting(channel: Channel, now: datetime) -> int:
    """Redirect the owner's waiting deliveries to this channel; return how many there were."""
    if not channel.enabled:
        return 0
    waiting = Delivery.objects.filter(user=channel.user_id)
    return waiting.give_to(channel.pk, channel.name, channel.kind, now)


@as_owner()
def try_out(channel: Channel, by: str, now: datetime) -> DeliveryAttempt:
    """Send a test message through the delivery pipeline at once; return the attempt with its outcome."""
    if not channel.enabled:
        raise NotInUse(NotInUse.__doc__)
    message = Message(
        id=uuid4(), user_id=channel.user_id, type="info", severity="low", reason="test", channels=[channel.pk],
        only_named=True, title=f"[TEST] {channel.name}", action_url="/channels/",
        message=f"{by} sent a test of this channel; nothing is firing.", metadata={"channel": str(channel.pk)},
    )  # fmt: skip
    post([message], now)
    delivery: UUID = Delivery.objects.values_list("pk", flat=True).get(notification=message.id)
    result = deliver_one(delivery, now)
    if result is None:  # a worker was quicker
        return DeliveryAttempt.objects.filter(delivery=delivery).latest("number")
    return DeliveryAttempt.objects.get(pk=result.lease.attempt)
