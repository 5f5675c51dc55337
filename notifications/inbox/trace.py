"""The trace of a notification: each person that one activity entry notified, each channel, outcome and cause."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from notifications.inbox.feedback import entry_of
from notifications.inbox.status_changes import is_snoozed
from notifications.models import Channel, Delivery, Notification
from notifications.models.querysets import NotificationQuerySet
from smartagent.kernel.formats import clock_today

MAX_TRACED_PEOPLE = 50
NEAR = timedelta(days=7)  # escalation tells others later, but not weeks later


@dataclass(frozen=True, slots=True)
class ChannelTrace:
    """One channel and the outcome there; `why` is the cause, where there is one to name."""

    delivery: Delivery
    why: str


@dataclass(frozen=True, slots=True)
class Reached:
    """One person: where it stands in their inbox, and the ways out of the house."""

    notification: Notification
    inbox: str
    ways: Sequence[ChannelTrace]


def where_it_went(notification: Notification, user: Any, now: datetime) -> list[Reached]:
    """What `user` may see of it, this notification's own person first."""
    shown = sorted(_of_same_entry(notification, user), key=lambda one: one.pk != notification.pk)  # a stable sort
    found: dict[UUID, list[ChannelTrace]] = defaultdict(list)
    deliveries = Delivery.objects.visible_to(user).of_notifications(one.pk for one in shown)
    if not user.has_perm("notifications.view_delivery"):
        deliveries = deliveries.none()
    rows = deliveries.select_related("channel", "bundle").prefetch_related("attempts")
    for delivery in rows.order_by("created_at", "channel_name"):
        found[delivery.notification_id].append(ChannelTrace(delivery, why_of(delivery, delivery.channel, now)))
    return [Reached(one, stands_in_inbox(one, now), found[one.pk]) for one in shown]


def stands_in_inbox(notification: Notification, now: datetime) -> str:
    """`unread`, `read`, `archived` or `snoozed`."""
    return "snoozed" if is_snoozed(notification, now) else notification.status


def notification_in_words(notification: Notification) -> str:
    """Its title, and how it stands in the inbox: `Fusion score too low: unread.`"""
    return f"{notification.title}: {stands_in_inbox(notification, timezone.now())}."


def delivery_in_words(delivery: Delivery) -> str:
    """`Fusion score too low, by ops: not sent. The rule is muted.`"""
    outcome = f"{delivery.title}, by {delivery.channel_name or 'no channel'}: {delivery.get_status_display().lower()}."
    return f"{outcome} {why_of(delivery, delivery.channel, timezone.now())}".rstrip()


def why_of(delivery: Delivery, channel: Channel | None, now: datetime) -> str:
    """The cause of a delivery's status in words; empty where the status says it all."""
    reasons = [delivery.cause] if delivery.cause else []
    if delivery.status == Delivery.Status.DUE:
        reasons += _waits(delivery, channel, now)
    return " ".join(reasons)


def _waits(delivery: Delivery, channel: Channel | None, now: datetime) -> list[str]:
    if channel is None:
        return ["The channel was deleted."]
    if not channel.enabled:
        return ["The channel is disabled."]
    if channel.is_open:
        again = f"; next attempt at {clock_today(channel.retry_at, now)}" if channel.retry_at else ""
        return [f"The channel has been failing since {clock_today(channel.opened_at, now)}{again}."]
    if channel.retry_at:
        return [f"The channel waits for the network; next attempt at {clock_today(channel.retry_at, now)}."]
    if delivery.due_at and delivery.due_at > now:
        return [f"Scheduled for {clock_today(delivery.due_at, now)}."]
    return ["Waiting for a free worker."]


def _of_same_entry(notification: Notification, user: Any) -> NotificationQuerySet | list[Notification]:
    """The notification, and the others of the same activity entry that `user` may see."""
    entry = entry_of(notification)
    if entry is None or notification.created_at is None:
        return [notification]
    at = notification.created_at
    near: NotificationQuerySet = Notification.objects.visible_to(user).select_related("user")
    if notification.rule_id:  # both by an index, for the facts have none
        near = near.filter(rule=notification.rule_id, created_at__range=(at - NEAR, at + NEAR))
    else:
        near = near.filter(created_at=at)
    return near.of_entry(entry).order_by("created_at", "user__email")[:MAX_TRACED_PEOPLE]
