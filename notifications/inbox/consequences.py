"""Who was notified of an entry, by which channel, and whether they saw it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from notifications.inbox.trace import stands_in_inbox
from notifications.models import Delivery, Notification
from notifications.models.querysets import NotificationQuerySet
from rules.explain.consequence import Consequence, ConsequenceSource
from rules.models import ActivityEntry
from rules.text.context import facts_of
from smartagent.kernel.coerce import as_uuid
from smartagent.kernel.formats import clock

LATER = timedelta(days=7)  # escalation notifies others later, but not weeks later
MAX_NOTIFICATIONS, FEW_ENTRIES = 500, 20


class Notified(ConsequenceSource):
    """The notifications of an entry, each with its deliveries."""

    kind = "notifications"
    label = "Notified"

    def of_entries(self, entries: Sequence[ActivityEntry], viewer: Any) -> Mapping[UUID, list[Consequence]]:
        sent = _notifications(entries, viewer)
        deliveries = _deliveries(sent, viewer)
        found: dict[UUID, list[Consequence]] = defaultdict(list)
        for entry, notification in sent:
            found[entry].append(_line(notification, deliveries[notification.pk]))
        return found


def _notifications(entries: Sequence[ActivityEntry], viewer: Any) -> list[tuple[UUID, Notification]]:
    """The notifications of `entries`: those that were sent at once, and of few entries the later ones of escalations,
    which are looked for by rule and time."""
    keys = {entry.pk for entry in entries}
    seen = Notification.objects.visible_to(viewer).select_related("user").order_by("created_at", "id")
    found = {one.pk: one for one in seen.filter(created_at__in=_times(entries))[:MAX_NOTIFICATIONS]}
    if len(keys) <= FEW_ENTRIES and keys:
        found |= {one.pk: one for one in _near(seen, entries).having("entry", *map(str, keys))[:MAX_NOTIFICATIONS]}
    return [(key, one) for one in found.values() for key in entries_of(one) & keys]


def _times(entries: Sequence[ActivityEntry]) -> list[datetime]:
    """When the notifications were sent that the outcomes of `entries` name: those to others have the same time."""
    named = [facts_of(entry).get("outcome") for entry in entries]
    keys = [as_uuid(str(one.get("notification") or "")) for one in named if isinstance(one, dict)]
    return list(Notification.objects.filter(pk__in=[key for key in keys if key]).values_list("created_at", flat=True))


def _near(seen: NotificationQuerySet, entries: Sequence[ActivityEntry]) -> NotificationQuerySet:
    """Those of the rules of `entries` in the days after them."""
    times = [entry.created_at for entry in entries]
    rules = {entry.rule_id for entry in entries if entry.rule_id}
    return seen.filter(Q(rule__in=rules) | Q(rule=None), created_at__range=(min(times), max(times) + LATER))


def entries_of(notification: Notification) -> set[UUID]:
    """The entries that a notification names: one, or those of the instances of a group."""
    facts = notification.metadata if isinstance(notification.metadata, dict) else {}
    instances = facts.get("instances")
    named = [facts, *(instances if isinstance(instances, list) else [])]
    found = {as_uuid(str(one.get("entry") or "")) for one in named if isinstance(one, dict)}
    return {key for key in found if key}


def _deliveries(sent: Iterable[tuple[UUID, Notification]], viewer: Any) -> dict[UUID, list[Delivery]]:
    found: dict[UUID, list[Delivery]] = defaultdict(list)
    if not viewer.has_perm("notifications.view_delivery"):
        return found
    rows = Delivery.objects.visible_to(viewer).of_notifications(notification.pk for _, notification in sent)
    for delivery in rows.order_by("created_at", "channel_name"):
        found[delivery.notification_id].append(delivery)
    return found


def _line(notification: Notification, deliveries: Sequence[Delivery]) -> Consequence:
    ways = [f"{delivery.channel_name} {delivery.get_status_display()}" for delivery in deliveries]
    failed = any(delivery.status == Delivery.Status.DEAD for delivery in deliveries)
    state = stands_in_inbox(notification, timezone.now())
    seen = f"read {clock(notification.read_at)}" if notification.read_at else state
    return Consequence(
        f"{notification.user or 'Somebody'}: {', '.join([*ways, f'inbox {seen}'])}",
        reverse("admin:notifications_notification_change", args=[notification.pk]),
        "danger" if failed else "success" if notification.read_at else "", notification.created_at,
    )  # fmt: skip
