"""Who was notified of an entry, by which channel, and whether they saw it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from notifications.inbox.trace import stands_in_inbox
from notifications.models import Delivery, Notification
from rules.explain.consequence import Consequence, ConsequenceSource
from rules.models import ActivityEntry
from smartagent.kernel.coerce import as_uuid
from smartagent.kernel.formats import clock

LATER = timedelta(days=7)  # escalation notifies others later, but not weeks later
MAX_NOTIFICATIONS = 500


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
    """The notifications of `entries`: by rule and time, which have an index, then by the entry that they name."""
    rules = {entry.rule_id for entry in entries if entry.rule_id}
    if not rules:
        return []
    times = [entry.created_at for entry in entries]
    near = Notification.objects.visible_to(viewer).filter(
        Q(rule__in=rules) | Q(rule=None), created_at__range=(min(times), max(times) + LATER)
    )
    keys = {entry.pk for entry in entries}
    named = near.having("entry", *(str(key) for key in keys)).select_related("user").order_by("created_at", "id")
    return [(key, one) for one in named[:MAX_NOTIFICATIONS] for key in _entries_of(one) & keys]


def _entries_of(notification: Notification) -> set[UUID]:
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
