"""The inbox."""

import uuid

from django.conf import settings
from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from notifications.models.querysets import NotificationQuerySet
from rules.models.rule import AutomationRule, Severity
from smartagent.fields import FactsField
from smartagent.kernel.reads import PersonalRecord
from smartagent.kernel.scope import RepresentableManager


class Notification(PersonalRecord):
    """A message to one person."""

    class Type(models.TextChoices):
        ALERT = "alert"
        NOTIFY = "notify", "notice"
        INFO = "info"
        WARNING = "warning"
        ERROR = "error"
        SUCCESS = "success"

    class Status(models.TextChoices):
        UNREAD = "unread"
        READ = "read"
        ARCHIVED = "archived"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, db_default=RandomUUID(), editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        null=True,
        related_name="notifications",
        verbose_name="to",
        db_index=False,
    )
    rule = models.ForeignKey(AutomationRule, models.SET_NULL, null=True, related_name="notifications")
    type = models.TextField(choices=Type.choices)
    title = models.TextField()
    message = models.TextField()
    severity = models.TextField(choices=Severity.choices, null=True)
    status = models.TextField(choices=Status.choices, default=Status.UNREAD, db_default=Status.UNREAD)
    action_url = models.TextField(null=True)
    metadata = FactsField(default=dict, null=True, db_default={})
    created_at = models.DateTimeField("when", default=timezone.now, null=True, db_default=Now())
    read_at = models.DateTimeField(null=True)
    archived_at = models.DateTimeField(null=True)
    snoozed_until = models.DateTimeField(null=True)

    REPRESENTABLE = models.Q(status__in=Status.values)

    objects = RepresentableManager.from_queryset(NotificationQuerySet)()

    class Meta:
        db_table = "notifications"
        ordering = ["-created_at", "-id"]
        indexes = [
            # The inbox is counted from indexes alone: the rows of one person lie all over the table.
            models.Index(
                fields=["user", "-created_at", "-id"], include=["status", "snoozed_until"], name="notifications_inbox"
            ),
            models.Index(fields=["-created_at", "-id"], name="notifications_newest"),
            models.Index(
                fields=["user", "snoozed_until"], name="notifications_unread", condition=models.Q(status="unread")
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(type__in=["alert", "notify", "info", "warning", "error", "success"]),
                name="notifications_type_known",
            ),
            models.CheckConstraint(
                condition=models.Q(severity__in=Severity.values) | models.Q(severity=None),
                name="notifications_severity_known",
            ),
            models.CheckConstraint(
                condition=models.Q(status__in=["unread", "read", "archived"]),
                name="notifications_status_known",
            ),
        ]

    def __str__(self) -> str:
        return self.title
