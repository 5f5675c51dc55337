"""Rules that one person does not want to be sent; what they tell still comes into the inbox."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q

from notifications.models import Mute, Notification
from rules.models import AutomationRule
from smartagent.kernel.scope import OwnedQuerySet

MUTE_DURATIONS = {
    "1h": ("for an hour", timedelta(hours=1)), "8h": ("for 8 hours", timedelta(hours=8)),
    "1d": ("for a day", timedelta(days=1)), "7d": ("for a week", timedelta(days=7)),
    "ever": ("until unmuted", None),
}  # fmt: skip
MAX_RULE_CHOICES = 500  # rules to choose from


class NoSuchRule(Exception):
    """The rule does not exist, or you cannot access it."""


def mute(person: Any, rule: UUID, until: datetime | None) -> Mute:
    """Send this person nothing of the rule until then, or until they take it back; muted before, the end is new."""
    if not mutable(person).filter(pk=rule).exists():
        raise NoSuchRule(NoSuchRule.__doc__)
    found, _ = Mute.objects.update_or_create(user=person, rule_id=rule, defaults={"until": until})
    return found


def unmute(mutes: OwnedQuerySet) -> int:
    """Send what these rules tell again; return how many were muted."""
    count, _ = mutes.delete()
    return count


def muted_by(person: Any, now: datetime) -> OwnedQuerySet:
    """What is muted for this person just now."""
    still = Mute.objects.filter(user=person).filter(Q(until=None) | Q(until__gt=now))
    return still.select_related("rule").order_by("rule__rule_name", "id")


def mutable(person: Any) -> Any:
    """The rules that this person may see, and those that told them something."""
    told = Notification.objects.filter(user=person, rule__isnull=False).order_by().values("rule")
    seen = AutomationRule.objects.visible_to(person).order_by().values("pk")
    return AutomationRule.objects.filter(Q(pk__in=seen) | Q(pk__in=told))


def choices(person: Any, picked: UUID | None) -> list[AutomationRule]:
    """The rules to choose from: their own, those that told them something, and the one that was picked elsewhere."""
    told = Notification.objects.filter(user=person, rule__isnull=False).order_by().values("rule")
    found = AutomationRule.objects.filter(Q(user=person) | Q(pk__in=told) | Q(pk__in=mutable(person).filter(pk=picked)))
    return list(found.order_by("rule_name", "id")[:MAX_RULE_CHOICES])
