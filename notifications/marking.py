"""What can be done to notifications on a page: mark them read or unread, archive them; and the buttons for it."""

from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html

from notifications.models import Notification
from notifications.querysets import NotificationQuerySet

DONE = {"read": "Marked {n} as read.", "unread": "Marked {n} as unread.", "archive": "Archived {n}."}
ICONS = {"read": ("drafts", "Mark as read"), "unread": ("mark_email_unread", "Mark as unread"),
         "archive": ("archive", "Archive")}  # fmt: skip


def mark(notifications: NotificationQuerySet, verb: str) -> str:
    """Do `verb` to the notifications; return what was done, in words."""
    now = timezone.now()
    if verb == "read":
        count = notifications.mark_read(now)
    elif verb == "unread":
        count = notifications.mark_unread()
    else:
        count = notifications.archive(now)
    return DONE[verb].format(n=f"{count:,} notification{'' if count == 1 else 's'}")


def button(notification: Notification, verb: str) -> str:
    """A button in a row; it submits the list's own form, with its token, to another address."""
    icon, title = ICONS[verb]
    address = reverse("admin:notifications_notification_mark", args=[notification.pk, verb])
    return format_html(
        '<button type="submit" formaction="{}" formmethod="post" title="{}" aria-label="{}: {}">'
        '<span class="material-symbols-outlined" aria-hidden="true">{}</span></button>',
        address, title, title, notification.title, icon,
    )  # fmt: skip
