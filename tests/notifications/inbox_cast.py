"""What tests of the inbox share: a notification, and the titles that a question leaves."""

from notifications.models import Notification
from tests.notifications.outside import START


def notification_for(user, title="Fusion score too low", **fields):
    return Notification.objects.create(
        **{"user": user, "title": title, "type": "alert", "message": "It is 63: below 70.", "severity": "high",
           "created_at": START} | fields
    )  # fmt: skip


def again(notification):
    notification.refresh_from_db()
    return notification
