"""Sample messages of a channel: a real one if there is one, else an example; rendered with the channel's templates."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.utils import timezone

from notifications.actions import REASONS
from notifications.channels.message import OutgoingMessage
from notifications.delivery.rendering import message_of
from notifications.models import Channel, Delivery, Notification
from notifications.templating import worded
from smartagent.models import User

CHOICES = 10


def example(channel: Channel) -> OutgoingMessage:
    """A sample message: the newest real one, else a made-up one."""
    newest = firings_of(channel.user, 1)
    return worded(message_about(channel, newest[0]) if newest else made_up(channel), channel)


def firings_of(person: User, maximum: int = CHOICES) -> list[Notification]:
    """The newest notifications from rules to this person."""
    notifications = Notification.objects.filter(user=person, rule__isnull=False).select_related("rule")
    return list(notifications.order_by("-created_at", "-id")[:maximum])


def message_about(channel: Channel, notification: Notification) -> OutgoingMessage:
    """The message that this channel would send about `notification`, without the channel's templates; its links do
    nothing."""
    facts = notification.metadata if isinstance(notification.metadata, dict) else {}
    delivery = Delivery(
        user=channel.user, notification=notification, rule=notification.rule, channel=channel, kind=channel.kind,
        title=notification.title, severity=notification.severity or "low", reason=_reason(facts),
        created_at=notification.created_at or timezone.now(),
    )  # fmt: skip
    return masked(message_of(delivery))


def _reason(facts: Mapping[str, Any]) -> str:
    event = facts.get("event")
    return REASONS.get(str(event), "still_firing") if event else "first"


def masked(message: OutgoingMessage) -> OutgoingMessage:
    """The message with links that do nothing: who sees the page may not be the person the links act for."""
    links = {name: _nowhere(word) for name, word in LINKS.items() if getattr(message, name)}
    return replace(message, items=tuple(masked(item) for item in message.items), **links)  # type: ignore[arg-type]


LINKS = {"acknowledge_url": "acknowledge", "unsubscribe_url": "unsubscribe"}


def _nowhere(word: str) -> str:
    return f"{settings.SITE_URL}/links/{word}/…/"


def made_up(channel: Channel, now: datetime | None = None) -> OutgoingMessage:
    """A message of a rule that does not exist."""
    return OutgoingMessage(
        id=str(uuid4()), reason="first", type="alert", severity="high", title="Example: fusion score too low",
        text="The fusion score of Alice is 63: below 70.", url=f"{settings.SITE_URL}/activity/",
        created_at=now or timezone.now(), recipient=str(channel.user), recipient_email=channel.user.email,
        rule_name="Example: fusion score too low",
        facts={"metric": "fusion_score", "value": 63, "operator": "<", "threshold": 70, "person_name": "Alice"},
    )  # fmt: skip


def chosen_of(firings: list[Notification], key: str) -> Notification | None:
    """The one of them with this key, else the newest."""
    return next((one for one in firings if str(one.pk) == key), firings[0] if firings else None)
