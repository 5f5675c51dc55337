"""Muted rules of a person: their notifications only go to the inbox."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q

from notifications.models import Mute, Notification
from rules.models import AutomationRule
from smartagent.kernel.formats import clock
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
    """Mute the rule for this person until then, or without end; muting again changes the end."""
    if not mutable(person).filter(pk=rule).exists():
        raise NoSuchRule(NoSuchRule.__doc__)
    found, _ = Mute.objects.update_or_create(user=person, rule_id=rule, defaults={"until": until})
    return found


def mute_in_words(mute: Mute) -> str:
    """`Low is muted until 3 Mar 2026, 10:00.`, `Low is muted until unmuted.`"""
    return f"{mute.rule} is muted until {clock(mute.until) if mute.until else 'unmuted'}."


def unmute(mutes: OwnedQuerySet) -> int:
    """Delete the mutes; return their number."""
    found = list(mutes)
    for each in found:
        each.delete()  # each is a change of its own in the activity log
    return len(found)


def muted_by(person: Any, now: datetime) -> OwnedQuerySet:
    """The mutes of this person that are active at `now`."""
    still = Mute.objects.filter(user=person).filter(Q(until=None) | Q(until__gt=now))
    return still.select_related("rule").order_by("rule__rule_name", "id")


def mutable(person: Any) -> Any:
    """The rules that this person may mute: those they may see, and those that notified them."""
    notified = Notification.objects.filter(user=person, rule__isnull=False).order_by().values("rule")
    seen = AutomationRule.objects.visible_to(person).order_by().values("pk")
    return AutomationRule.objects.filter(Q(pk__in=seen) | Q(pk__in=notified))


def choices(person: Any, picked: UUID | None) -> list[AutomationRule]:
    """The rules offered in a form: their own, those that notified them, and the one already `picked`."""
    notified = Notification.objects.filter(user=person, rule__isnull=False).order_by().values("rule")
    found = AutomationRule.objects.filter(
        Q(user=person) | Q(pk__in=notified) | Q(pk__in=mutable(person).filter(pk=picked))
    )
    return list(found.order_by("rule_name", "id")[:MAX_RULE_CHOICES])
