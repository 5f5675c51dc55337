"""What tests of deliveries share: a channel to a receiver on loopback, and a message that goes there."""

from datetime import UTC, datetime, timedelta

from notifications.channels.credentials import keep
from notifications.gateway import Message, post
from notifications.models import Channel, Delivery

START = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)  # a Monday
MINUTE = timedelta(minutes=1)


def channel_of(user, kind="webhook", name="", *, position=0, **values):
    """A channel, saved."""
    channel = Channel(user=user, kind=kind, name=name or kind, position=position)
    keep(channel, values)
    channel.save()
    return channel


def tell(user, now=START, title="CPU is high", **fields):
    """Post one message; return its deliveries."""
    message = Message(user_id=user.pk, **{"type": "alert", "title": title, "message": "CPU is 95: above 90.",
                                          "severity": "high"} | fields)  # fmt: skip
    post([message], now)
    return list(Delivery.objects.filter(notification=message.id))
