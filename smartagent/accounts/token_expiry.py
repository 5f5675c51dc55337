"""The notice that a token expires, seven days and one day before, to its person or the owner of the service account."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from notifications.gateway import Message, post
from notifications.routing.subscribers import zone_named
from smartagent.kernel.durations import length_text
from smartagent.kernel.formats import clock
from smartagent.models import APIToken, User

NOTICE_DAYS = (1, 7)  # before the expiry; the nearest counts


def notify_of_expiry(now: datetime | None = None) -> int:
    """Notify of the tokens that expire soon; return the number of notifications."""
    now = now or timezone.now()
    with transaction.atomic():
        messages = [message for days in NOTICE_DAYS for message in _notices(days, now)]
        return post(messages, now) if messages else 0


def _notices(days: int, now: datetime) -> Iterator[Message]:
    unnoticed = Q(expiry_noticed_days=None) | Q(expiry_noticed_days__gt=days)
    due = APIToken.objects.select_for_update(of=("self",)).expiring(days, now).filter(unnoticed)
    tokens = list(due.select_related("user__owner"))
    APIToken.objects.filter(pk__in=[token.pk for token in tokens]).update(expiry_noticed_days=days)
    return (_notice(token, person, now) for token in tokens for person in _recipients(token))


def _recipients(token: APIToken) -> Iterable[User]:
    """Its person; of a service account the owner, or all administrators where nobody answers for it any more."""
    if not token.user.is_service_account:
        return [token.user]
    owner = token.user.owner
    if owner and owner.is_active:
        return [owner]
    people = User.objects.people().filter(is_active=True)
    return people.filter(Q(is_superuser=True) | Q(groups__name="administrators")).distinct()


def _notice(token: Any, person: User, now: datetime) -> Message:
    when = clock(token.expires_at, zone_named(person.time_zone))
    whose = f" of {token.user}" if token.user_id != person.pk else ""
    left = length_text(token.expires_at - now)
    return Message(
        user_id=person.pk, type="warning", severity="medium", reason="other",
        title=f"The token “{token.name}”{whose} expires in {left}",
        message=f"{token.prefix}… expires at {when}. Rotate it: its successor works at once, and this one until then.",
        action_url=reverse("admin:smartagent_apitoken_changelist"), metadata={"token": str(token.pk)},
    )  # fmt: skip
