"""A notification as a row of the legacy table, in the shape that its newer script makes."""

from typing import Any

from notifications.models import Notification

COLUMNS = (
    "id", "user_id", "rule_id", "type", "title", "message", "severity", "status", "action_url", "metadata",
    "created_at", "read_at", "archived_at",
)  # fmt: skip


def notification_row(notification: Notification) -> dict[str, Any]:
    """The row, and `is_read`, which older clients read."""
    row = {name: getattr(notification, name) for name in COLUMNS}
    return row | {"is_read": notification.status != Notification.Status.UNREAD}
