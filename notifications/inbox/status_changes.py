"""Changes of status on pages: read, unread, archived, snoozed; and their buttons."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from notifications.inbox.snooze import clock
from notifications.models import Notification
from notifications.models.querysets import NotificationQuerySet
from smartagent.kernel.formats import counted

MARKED_MESSAGES = {"read": "Marked {n} as read.", "unread": "Marked {n} as unread.", "archive": "Archived {n}."}
ICONS = {"read": ("drafts", "Mark as read"), "unread": ("mark_email_unread", "Mark as unread"),
         "wake": ("alarm_off", "End snooze"), "archive": ("archive", "Archive")}  # fmt: skip


def mark(notifications: NotificationQuerySet, verb: str, now: datetime) -> str:
    """Do `verb` to the notifications; return what was done, in words."""
    if verb == "read":
        count = notifications.mark_read(now)
    elif verb == "unread":
        count = notifications.mark_unread(now)
    else:
        count = notifications.archive(now)
    return MARKED_MESSAGES[verb].format(n=counted(count, "notification"))


def snooze(notifications: NotificationQuerySet, until: datetime, now: datetime, zone: ZoneInfo) -> str:
    """Put the notifications away until then; return what was done, in words."""
    return f"Snoozed {counted(notifications.snooze(until), 'notification')} until {clock(until, now, zone)}."


def is_snoozed(notification: Notification, now: datetime) -> bool:
    """Whether it is away until later."""
    until = notification.snoozed_until
    return until is not None and until > now and notification.status != Notification.Status.ARCHIVED


def buttons(notification: Notification, now: datetime) -> list[SafeString]:
    """What can be done to it, as it is: buttons that submit the form they stand in to another address."""
    if is_snoozed(notification, now):
        return [_button(notification, "unread", "wake"), _snooze(notification), _button(notification, "archive")]
    first = "read" if notification.status == Notification.Status.UNREAD else "unread"
    if notification.status == Notification.Status.ARCHIVED:
        return [_button(notification, first)]
    return [_button(notification, first), _snooze(notification), _button(notification, "archive")]


def _button(notification: Notification, verb: str, look: str = "") -> SafeString:
    icon, title = ICONS[look or verb]
    address = reverse("admin:notifications_notification_mark", args=[notification.pk, verb])
    return format_html(
        '<button type="submit" formaction="{}" formmethod="post" title="{}" aria-label="{}: {}">'
        '<span class="material-symbols-outlined" aria-hidden="true">{}</span><span class="sa-word">{}</span></button>',
        address, title, title, notification.title, icon, title,
    )  # fmt: skip


def _snooze(notification: Notification) -> SafeString:
    """A way to the page that asks until when."""
    address = reverse("admin:notifications_notification_snooze", args=[notification.pk])
    return format_html(
        '<a href="{}" data-snooze title="Snooze" aria-label="Snooze: {}">'
        '<span class="material-symbols-outlined" aria-hidden="true">snooze</span>'
        '<span class="sa-word">Snooze</span></a>',
        address, notification.title,
    )  # fmt: skip
