"""The only door into the inbox: a message comes in, a row for its person is written."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from psycopg.types.json import Jsonb

from smartagent.copying import copy_rows

COLUMNS = {
    "id": "uuid", "user_id": "uuid", "rule_id": "uuid", "type": "text", "title": "text", "message": "text",
    "severity": "text", "status": "text", "action_url": "text", "metadata": "jsonb", "created_at": "timestamptz",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What one person is to be told."""

    user_id: UUID
    type: str
    title: str
    message: str
    severity: str
    rule_id: UUID | None = None
    action_url: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    id: UUID = field(default_factory=uuid4)


def post(messages: Iterable[Message], now: datetime) -> int:
    """Put each message into its person's inbox, in the current transaction; return how many they were."""
    rows = (
        (
            message.id, message.user_id, message.rule_id, message.type, message.title, message.message,
            message.severity, "unread", message.action_url, Jsonb(message.metadata), now,
        )
        for message in messages
    )  # fmt: skip
    return copy_rows("notifications", list(COLUMNS), list(COLUMNS.values()), rows)
