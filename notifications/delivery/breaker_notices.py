"""Notifications to the owner of a channel when its circuit breaker opens or closes: inbox and other channels."""

from datetime import datetime

from django.urls import reverse

from notifications.gateway import Message
from notifications.models import Channel
from notifications.registries import channels


def breaker_notice(channel: Channel, now: datetime) -> Message:
    """The message about a channel whose circuit breaker has just opened or closed."""
    kind = channels[channel.kind].label if channel.kind in channels else channel.kind
    where = reverse("admin:notifications_channel_page", args=[channel.pk])
    if channel.is_open:
        return Message(
            user_id=channel.user_id, type="error", severity="high", reason="channel", action_url=where,
            title=f"Channel “{channel.name}” ({kind}) is failing",
            message=f"{channel.cause}\nNotifications wait or use your next channel. Next attempt from "
            f"{channel.retry_at:%H:%M} UTC." if channel.retry_at else channel.cause,
            metadata={"channel": str(channel.pk)}, without=[channel.pk],
        )  # fmt: skip
    return Message(
        user_id=channel.user_id, type="success", severity="low", reason="channel", action_url=where,
        title=f"Channel “{channel.name}” ({kind}) is working again", message="Waiting notifications are sent now.",
        metadata={"channel": str(channel.pk)}, without=[channel.pk],
    )  # fmt: skip


def reset(channel: Channel) -> None:
    """Close the circuit breaker by hand; the next message is sent at once, and the channel counts as untested until
    then."""
    forget(channel)
    channel.save(update_fields=["failures", "opened_at", "retry_at", "cause", "works_since"])


def forget(channel: Channel) -> None:
    """Clear the failures of a channel, which then counts as untested. Not saved yet."""
    if channel.is_open or channel.failures:
        channel.works_since = None
    channel.failures, channel.opened_at, channel.retry_at, channel.cause = 0, None, None, ""
