"""Deliveries and their attempts."""

import uuid

from django.conf import settings
from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from notifications.models.channel import Channel
from notifications.models.delivery_querysets import DeliveryQuerySet
from rules.models.rule import AutomationRule, Severity
from smartagent.kernel.reads import PersonalRecord


class Delivery(PersonalRecord):
    """One message to one person by one channel, from the decision to send it to its outcome."""

    class Status(models.TextChoices):
        WAITING = "waiting", "waiting for a channel"
        HELD = "held"
        DUE = "due"
        SENDING = "sending"
        DELIVERED = "delivered"
        BUNDLED = "bundled"
        SKIPPED = "skipped", "not sent"
        DEAD = "dead", "failed"

    class Reason(models.TextChoices):
        FIRST = "first", "first notification"
        STILL_FIRING = "still_firing", "still firing"
        RESOLVED = "resolved"
        CRITICAL = "critical", "became critical"
        FLAPPING = "flapping"
        ESCALATED = "escalated"
        DIGEST = "digest"
        TEST = "test"
        CHANNEL = "channel", "about a channel"
        OTHER = "other"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, db_default=RandomUUID(), editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="deliveries", verbose_name="to",
        db_index=False,
    )  # fmt: skip
    notification = models.ForeignKey(
        "notifications.Notification", models.SET_NULL, null=True, related_name="deliveries"
    )
    rule = models.ForeignKey(AutomationRule, models.SET_NULL, null=True, related_name="+")
    channel = models.ForeignKey(Channel, models.SET_NULL, null=True, related_name="deliveries", db_index=False)
    channel_name = models.TextField("channel", default="", db_default="")
    kind = models.TextField(default="", db_default="")
    title = models.TextField()
    severity = models.TextField(choices=Severity.choices, default=Severity.LOW)
    reason = models.TextField(choices=Reason.choices, default=Reason.FIRST)
    status = models.TextField(choices=Status.choices, default=Status.DUE)
    cause = models.TextField(default="", db_default="")
    due_at = models.DateTimeField(null=True)
    leased_until = models.DateTimeField(null=True)
    attempt_count = models.PositiveIntegerField(default=0, db_default=0)
    expires_at = models.DateTimeField()
    handed_over = models.BooleanField(default=False, db_default=False)
    bundle = models.ForeignKey("self", models.SET_NULL, null=True, related_name="bundled")
    created_at = models.DateTimeField("when", default=timezone.now, db_default=Now())
    settled_at = models.DateTimeField(null=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        db_table = "deliveries"
        ordering = ["-created_at", "-id"]
        verbose_name_plural = "deliveries"
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="deliveries_newest"),
            models.Index(fields=["user", "-created_at", "-id"], name="deliveries_of_person"),
            models.Index(fields=["due_at", "id"], name="deliveries_due", condition=Q(status="due")),
            models.Index(fields=["due_at"], name="deliveries_held", condition=Q(status="held")),
            models.Index(fields=["leased_until"], name="deliveries_leased", condition=Q(status="sending")),
            models.Index(fields=["user"], name="deliveries_waiting", condition=Q(status="waiting")),
            models.Index(fields=["channel", "-created_at"], name="deliveries_of_channel"),
            models.Index(fields=["-created_at"], name="deliveries_dead", condition=Q(status="dead")),
            models.Index(fields=["expires_at"], name="deliveries_open", condition=Q(status__in=["due", "waiting"])),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def in_order(self) -> "models.QuerySet[DeliveryAttempt]":
        """Its attempts, oldest first; a manual resend restarts their numbering."""
        return self.attempts.order_by("started_at", "number")


class DeliveryAttempt(models.Model):
    """One attempt of a delivery, stored before it is made and updated after it; without an end it was interrupted."""

    class Outcome(models.TextChoices):
        STARTED = "started"
        DELIVERED = "delivered"
        FAILED = "failed", "failed, retrying"
        REFUSED = "refused"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, db_default=RandomUUID(), editable=False)
    delivery = models.ForeignKey(Delivery, models.CASCADE, related_name="attempts")
    number = models.PositiveIntegerField()
    outcome = models.TextField(choices=Outcome.choices, default=Outcome.STARTED)
    code = models.IntegerField(null=True)
    milliseconds = models.FloatField(null=True)
    excerpt = models.TextField(default="", db_default="")
    error = models.TextField(default="", db_default="")
    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "delivery_attempts"
        ordering = ["number", "started_at"]

    def __str__(self) -> str:
        return f"{self.number}: {self.outcome}"
