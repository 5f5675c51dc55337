"""The only entry point for messages: stores a notification in the person's inbox, and a delivery for each channel.

Both in the transaction of the caller, so that neither exists without the other. Nothing is sent here.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from psycopg.types.json import Jsonb

from notifications.models import Channel
from notifications.routing.router import Decision, Subscriber, direct, route
from notifications.routing.subscribers import load_subscribers, way_of
from smartagent.kernel.bulk_copy import copy_rows

NOTIFICATION_COLUMNS = {
    "id": "uuid", "user_id": "uuid", "rule_id": "uuid", "type": "text", "title": "text", "message": "text",
    "severity": "text", "status": "text", "action_url": "text", "metadata": "jsonb", "created_at": "timestamptz",
}  # fmt: skip

OUTGOING = {
    "id": "uuid", "user_id": "uuid", "notification_id": "uuid", "rule_id": "uuid", "channel_id": "uuid",
    "channel_name": "text", "kind": "text", "title": "text", "severity": "text", "reason": "text", "status": "text",
    "cause": "text", "due_at": "timestamptz", "attempt_count": "int4", "expires_at": "timestamptz",
    "created_at": "timestamptz", "settled_at": "timestamptz",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A notification to be created for one person."""

    user_id: UUID
    type: str
    title: str
    message: str
    severity: str
    rule_id: UUID | None = None
    action_url: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    id: UUID = field(default_factory=uuid4)
    reason: str = "first"
    channels: Sequence[UUID] = ()  # channels that the rule names, whatever their owners prefer
    without: Collection[UUID] = ()  # excluded channels
    only_named: bool = False  # sent by the named channels only


def post(messages: Iterable[Message], now: datetime) -> int:
    """Store each message in its inbox with its deliveries, in the current transaction; return their number."""
    messages = list(messages)
    people = load_subscribers({message.user_id for message in messages})
    messages = [_addressed(message, people) for message in messages]
    rows = (
        (
            message.id, message.user_id, message.rule_id, message.type, message.title, message.message,
            message.severity, "unread", message.action_url, Jsonb(message.metadata), now,
        )
        for message in messages
    )  # fmt: skip
    written = copy_rows("notifications", list(NOTIFICATION_COLUMNS), list(NOTIFICATION_COLUMNS.values()), rows)
    leaving = list(_on_their_way(messages, people, now))  # it asks the database, which COPY would keep waiting
    copy_rows("deliveries", list(OUTGOING), list(OUTGOING.values()), leaving)
    return written


def _addressed(message: Message, people: Mapping[UUID, Subscriber]) -> Message:
    """The message to whoever reads it: of a service account that is its owner."""
    reader = people.get(message.user_id)
    return message if reader is None or reader.id == message.user_id else replace(message, user_id=reader.id)


def _on_their_way(
    messages: Sequence[Message], people: Mapping[UUID, Subscriber], now: datetime
) -> Iterator[tuple[Any, ...]]:
    named = {key for message in messages for key in message.channels}
    ways = {channel.pk: way_of(channel) for channel in Channel.objects.in_use().filter(pk__in=named)} if named else {}
    for message in messages:
        decisions = [direct(ways[key], now) for key in message.channels if key in ways]
        if not message.only_named and (who := people.get(message.user_id)):
            without = {*message.without, *message.channels}
            severity = message.severity or "low"
            decisions += route(severity, message.rule_id, who, now, without=without, named=bool(decisions))
        yield from (_row(message, decision, now) for decision in decisions)


def _row(message: Message, decision: Decision, now: datetime) -> tuple[Any, ...]:
    way = decision.way
    return (
        uuid4(), message.user_id, message.id, message.rule_id, way and way.id, way.name if way else "",
        way.kind if way else "", message.title, message.severity or "low", message.reason, decision.status,
        decision.cause, decision.due_at, 0, decision.expires_at, now, now if decision.status == "skipped" else None,
    )  # fmt: skip
