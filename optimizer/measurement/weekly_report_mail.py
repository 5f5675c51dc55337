"""The weekly report as a notification: it goes to the inbox and, like any message of low severity, by each person's
channels and preferences, unless they unsubscribed."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.core.mail import get_connection
from django.db import transaction

from notifications.channels.email import mail_of
from notifications.channels.message import OutgoingMessage
from notifications.channels.mime import html_of
from notifications.gateway import Message, post
from notifications.models import Notification
from optimizer.measurement.weekly_report import WeeklyReport, report_of
from smartagent.models import User

READERS = ("operators", "administrators")
REPORT_PATH = "/optimizer-report/"
REPORT_ACTION = "optimizer_report"
ONCE_IN = timedelta(days=6)


def send_weekly(now: datetime) -> int:
    """Send it to operators and administrators, at most once a week; return the number of recipients."""
    people = User.objects.filter(is_active=True, groups__name__in=READERS) | User.objects.filter(
        is_active=True, is_superuser=True
    )
    with transaction.atomic():
        keys = set(people.distinct().values_list("pk", flat=True))
        reported = Notification.objects.filter(
            user__in=keys, created_at__gt=now - ONCE_IN, created_at__lte=now, metadata__has_key=REPORT_ACTION
        )
        left = keys - set(reported.values_list("user", flat=True))
        report = report_of(now)
        return post([_message(report, key) for key in sorted(left)], now) if left else 0


def send_to(address: str, now: datetime) -> None:
    """Send it to this address by mail, at once."""
    message = message_of(report_of(now), now, address)
    mail_of(message, address, get_connection(fail_silently=False, timeout=settings.EMAIL_TIMEOUT)).send()


def preview(report: WeeklyReport, now: datetime, person: Any) -> str:
    """The e-mail as its recipient sees it."""
    return html_of(message_of(report, now, str(person)))


def message_of(report: WeeklyReport, now: datetime, to: str) -> OutgoingMessage:
    """The report as a message to nobody's channel."""
    return OutgoingMessage(
        id=str(uuid4()), reason="other", type="info", severity="low", title=report.title, text=text_of(report),
        url=f"{settings.SITE_URL}{REPORT_PATH}", created_at=now, recipient=to, facts={"bars": report.bars},
    )  # fmt: skip


def text_of(report: WeeklyReport) -> str:
    """The report as plain text, with the bars in words."""
    lines = [
        f"{bar['label']}: " + ", ".join(f"{row['count']:,} {row['name']}" for row in bar["rows"]) + "."
        for bar in report.bars
    ]
    examples = [f"{title}: {verdict.lower()}." for title, verdict, _ in report.examples]
    return "\n".join([report.words, *lines, *examples])


def _message(report: WeeklyReport, person: Any) -> Message:
    return Message(
        user_id=person, type="info", severity="low", reason="other", title=report.title, message=text_of(report),
        action_url=REPORT_PATH, metadata={REPORT_ACTION: report.end.isoformat(), "bars": report.bars},
    )  # fmt: skip
