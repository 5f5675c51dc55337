"""Links in messages that need no sign-in: each is signed, for one purpose, and expires.

Following one only opens a page that asks: programs that look at every link of a mail do nothing by it.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.urls import reverse

from notifications.outgoing import Delivery

SALT = "smartagent.notifications.links"
LASTS = timedelta(days=7)
ACKNOWLEDGE, UNSUBSCRIBE = "acknowledge", "unsubscribe"
ACKNOWLEDGED = {"first", "still_firing", "critical", "flapping", "escalated"}


class LinkInvalid(Exception):
    """This link is not valid, or no longer. Sign in to do it there."""


def token(purpose: str, subject: UUID, person: UUID) -> str:
    """The signed part of a link: what may be done, with what, in whose name."""
    return signing.dumps([str(subject), str(person)], salt=f"{SALT}.{purpose}", compress=True)


def read(purpose: str, text: str) -> tuple[UUID, UUID]:
    """What and who a link names; LinkInvalid where it is not ours, for something else, or too old."""
    try:
        subject, person = signing.loads(text, salt=f"{SALT}.{purpose}", max_age=LASTS)
        return UUID(subject), UUID(person)
    except (signing.BadSignature, ValueError, TypeError):
        raise LinkInvalid(LinkInvalid.__doc__) from None


def address(purpose: str, subject: UUID, person: UUID) -> str:
    """The whole link."""
    return str(settings.SITE_URL) + reverse(f"link-{purpose}", args=[token(purpose, subject, person)])


def links_of(delivery: Delivery, facts: Mapping[str, Any]) -> dict[str, str]:
    """The links of a letter, by the name of its field."""
    found = {}
    if delivery.user_id and delivery.channel_id and delivery.kind in ("email", "sendgrid"):
        found["unsubscribe_url"] = address(UNSUBSCRIBE, delivery.channel_id, delivery.user_id)
    if delivery.user_id and delivery.notification_id and facts.get("entry") and delivery.reason in ACKNOWLEDGED:
        found["acknowledge_url"] = address(ACKNOWLEDGE, delivery.notification_id, delivery.user_id)
    return found
