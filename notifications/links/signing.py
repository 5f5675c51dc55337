"""Signed links in messages that need no sign-in: each is for one purpose, and expires.

Following one only opens a confirmation page, so mail scanners do no harm.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.urls import reverse

from notifications.models import Delivery

SALT = "smartagent.notifications.links"
LINK_TTL = timedelta(days=7)
ACKNOWLEDGE, UNSUBSCRIBE = "acknowledge", "unsubscribe"
ACKNOWLEDGED = {"first", "still_firing", "critical", "flapping", "escalated"}


class LinkInvalid(Exception):
    """This link is invalid or has expired. Sign in instead."""


@dataclass(frozen=True, slots=True)
class Link:
    """The content of a link: a notification or a channel, the person, and the rule of the message."""

    subject: UUID
    person: UUID
    rule: UUID | None = None


def token(purpose: str, link: Link) -> str:
    """The signed token: purpose, object, person."""
    named = [str(link.subject), str(link.person), *([str(link.rule)] if link.rule else [])]
    return signing.dumps(named, salt=f"{SALT}.{purpose}", compress=True)


def read(purpose: str, text: str) -> Link:
    """Return the content of a link; LinkInvalid where the signature is wrong, for another purpose, or too old."""
    try:
        return Link(*map(UUID, signing.loads(text, salt=f"{SALT}.{purpose}", max_age=LINK_TTL)))
    except (signing.BadSignature, AttributeError, ValueError, TypeError):
        raise LinkInvalid(LinkInvalid.__doc__) from None


def address(purpose: str, link: Link) -> str:
    """The URL of a link."""
    return str(settings.SITE_URL) + reverse(f"link-{purpose}", args=[token(purpose, link)])


def links_of(delivery: Delivery, facts: Mapping[str, Any]) -> dict[str, str]:
    """The links of a message, by the name of its field."""
    found = {}
    if delivery.user_id and delivery.channel_id and delivery.kind in ("email", "sendgrid"):
        link = Link(delivery.channel_id, delivery.user_id, delivery.rule_id)
        found["unsubscribe_url"] = address(UNSUBSCRIBE, link)
    fires = (facts.get("entry") or is_group(facts)) and delivery.reason in ACKNOWLEDGED
    if delivery.user_id and delivery.notification_id and fires:
        found["acknowledge_url"] = address(ACKNOWLEDGE, Link(delivery.notification_id, delivery.user_id))
    return found


def is_group(facts: Mapping[str, Any]) -> bool:
    """Whether a notification covers several instances of a rule."""
    count = facts.get("count")
    return isinstance(count, int) and count > 1
