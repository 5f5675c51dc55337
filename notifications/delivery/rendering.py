"""Rendering: the message and address of each leased delivery, in a few statements for all."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any
from uuid import UUID

import structlog
from django.conf import settings

from notifications.channels import Address
from notifications.channels.credentials import values_of
from notifications.channels.message import OutgoingMessage
from notifications.channels.truncation import numbers_in
from notifications.delivery.digests import CHANNEL_GONE
from notifications.delivery.instances import KnownInstances, known_instances
from notifications.links.signing import links_of
from notifications.models import Channel, Delivery
from notifications.routing.subscribers import zone_named
from notifications.templating import worded
from rules.models import AutomationRule
from smartagent.kernel.links import own_path, web_address
from smartagent.kernel.sealing import SecretLost
from smartagent.models import User

log = structlog.get_logger(__name__)
# What a message is made of: many thousands are, and people and rules have much more.
RENDERED_FIELDS = (
    "notification__type", "notification__message", "notification__action_url", "notification__metadata", "kind",
    "title", "severity", "reason", "attempt_count", "bundle", "created_at", "user", "rule", "channel",
)  # fmt: skip
# Few for many messages: each is read once, and shared by all that it belongs to.
PERSON_FIELDS = ("email", "full_name", "time_zone")
RULE_FIELDS = ("rule_name", "labels", "runbook_url", "series_mode", "applies_to")
CHANNEL_FIELDS = (
    "name", "kind", "config", "sealed", "title_template", "body_template",
    "user__is_active", "user__email", "user__full_name",
)  # fmt: skip
MAX_ITEMS = 200  # of a digest; what is beyond is counted


class Unwritten(Exception):
    """There is no message. `needless` where there is nothing left to send, which is no failure."""

    def __init__(self, why: str, *, needless: bool = False) -> None:
        super().__init__(why)
        self.needless = needless


class Unwritable(Unwritten):
    """There is nothing left to send."""

    def __init__(self, why: str) -> None:
        super().__init__(why, needless=True)


NOTHING_KNOWN = KnownInstances()
Written = tuple[Delivery, OutgoingMessage, Address]


def write(ids: Collection[UUID]) -> tuple[list[Written], dict[UUID, Unwritten]]:
    """The messages of these deliveries; and, by delivery, the reason where there is none."""
    rows = list(Delivery.objects.filter(pk__in=ids).select_related("notification").only(*RENDERED_FIELDS))
    _attach(rows)
    parts = _parts([row.pk for row in rows if row.reason == Delivery.Reason.DIGEST])
    known = known_instances([*rows, *(part for some in parts.values() for part in some)])
    written: list[Written] = []
    failed: dict[UUID, Unwritten] = {}
    addresses: dict[UUID | None, Address] = {}
    for row in rows:
        try:
            if row.channel_id not in addresses:
                addresses[row.channel_id] = address_of(row.channel)
            message = worded(message_of(row, parts[row.pk], known), row.channel)
            written.append((row, message, addresses[row.channel_id]))
        except Unwritten as error:
            failed[row.pk] = error
        except SecretLost as error:
            failed[row.pk] = Unwritten(str(error))
        except Exception as error:  # one that cannot be written must not keep the others from being sent
            log.error("message failed", error=type(error).__name__, delivery=str(row.pk))
            failed[row.pk] = Unwritten(f"{type(error).__name__} while rendering the message.")
    return written, failed


def _attach(rows: list[Delivery]) -> None:
    """Read the people, rules and channels of these deliveries, and make them their objects."""
    people = User.objects.only(*PERSON_FIELDS).in_bulk({row.user_id for row in rows if row.user_id})
    rules = AutomationRule.objects.only(*RULE_FIELDS).in_bulk({row.rule_id for row in rows if row.rule_id})
    channels = Channel.objects.select_related("user").only(*CHANNEL_FIELDS).in_bulk(
        {row.channel_id for row in rows if row.channel_id}
    )  # fmt: skip
    for row in rows:
        row.user, row.rule, row.channel = (
            people.get(row.user_id), rules.get(row.rule_id), channels.get(row.channel_id),
        )  # fmt: skip


def message_of(
    delivery: Delivery, parts: Iterable[Delivery] = (), known: KnownInstances = NOTHING_KNOWN
) -> OutgoingMessage:
    """The message of one delivery; `parts` are the deliveries in a digest, `known` is about their instances."""
    items = tuple(_item(part, known) for part in parts)
    if delivery.reason == Delivery.Reason.DIGEST:
        if not items:
            raise Unwritable("The bundled notifications were deleted.")
        return _message(delivery, "", items, known)
    if delivery.notification is None:
        raise Unwritable("The notification was deleted before it was sent.")
    return _message(delivery, delivery.notification.message, (), known)


def address_of(channel: Channel | None) -> Address:
    """The address with its secrets in clear; only for sending."""
    if channel is None:
        raise Unwritable(CHANNEL_GONE)
    if not channel.user.is_active:
        raise Unwritable(f"The owner of the channel, {channel.user}, is deactivated.")
    return Address(values_of(channel))


def _message(
    delivery: Delivery, text: str, items: tuple[OutgoingMessage, ...], known: KnownInstances
) -> OutgoingMessage:
    notification, person = delivery.notification, delivery.user
    facts: dict[str, Any] = notification.metadata if notification and isinstance(notification.metadata, dict) else {}
    return OutgoingMessage(
        numbers=numbers_in(text, facts),
        id=str(delivery.pk), reason=delivery.reason, type=notification.type if notification else "notify",
        severity=delivery.severity, title=delivery.title, text=text, url=_address_of(delivery, facts),
        created_at=delivery.created_at, recipient=str(person or ""), recipient_email=person.email if person else "",
        rule=str(delivery.rule_id or ""), rule_name=delivery.rule.rule_name if delivery.rule else "",
        thread=_thread(facts), incident=_incident(delivery.rule, facts), facts=known.facts_of(facts),
        others_firing=known.firing.get(delivery.rule_id, 0) if delivery.rule_id else 0, items=items,
        zone=zone_named(person.time_zone if person else "UTC"),
        labels=_labels(delivery.rule), runbook_url=web_address(delivery.rule.runbook_url) if delivery.rule else "",
        **links_of(delivery, facts),  # type: ignore[arg-type]
    )  # fmt: skip


def _labels(rule: AutomationRule | None) -> dict[str, Any]:
    return rule.labels if rule and isinstance(rule.labels, dict) else {}


def _item(part: Delivery, known: KnownInstances) -> OutgoingMessage:
    return _message(part, part.notification.message if part.notification else "", (), known)


def _parts(digests: list[UUID]) -> dict[UUID, list[Delivery]]:
    """The messages of each digest, most severe first."""
    found: dict[UUID, list[Delivery]] = defaultdict(list)
    if not digests:
        return found
    rows = Delivery.objects.filter(bundle__in=digests)
    for row in rows.select_related("notification", "user", "rule").by_severity():
        if len(found[row.bundle_id]) < MAX_ITEMS:
            found[row.bundle_id].append(row)
    return found


def _address_of(delivery: Delivery, facts: dict[str, Any]) -> str:
    """The URL of the activity entry that caused it; else the page that the notification links to."""
    if facts.get("entry"):
        return f"{settings.SITE_URL}/activity/{facts['entry']}/change/"
    path = delivery.notification.action_url if delivery.notification else None
    return web_address(path) or f"{settings.SITE_URL}{own_path(path) or '/notifications/'}"


def _incident(rule: AutomationRule | None, facts: dict[str, Any]) -> str:
    """The key of the incident: one for a rule with several instances, since messages are about several."""
    many = rule and (rule.watches_series or rule.applies_to == AutomationRule.AppliesTo.EVERYONE)
    return str(facts["rule"]) if many and facts.get("rule") else _thread(facts)


def _thread(facts: dict[str, Any]) -> str:
    """The thread key, the same for all messages about one instance."""
    named = [str(facts.get(name) or "") for name in ("rule", "person", "target")]
    return ":".join(named) if named[0] else ""
