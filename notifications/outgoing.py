"""What leaves the house: channels, deliveries with each attempt, and who wants what."""

import uuid
from datetime import time

from django.conf import settings
from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from notifications.outgoing_querysets import ChannelQuerySet, DeliveryQuerySet
from notifications.registries import channel_choices
from rules.models.rule import AutomationRule, Severity
from smartagent.scope import OwnedQuerySet


class Channel(models.Model):
    """A way out to one person or place. What is secret of its settings is sealed, and never shown again."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, db_default=RandomUUID(), editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="channels", verbose_name="owner", db_index=False
    )
    name = models.CharField(max_length=100, help_text="What you call it, for example: my phone.")
    kind = models.CharField(max_length=40, choices=channel_choices)
    config = models.JSONField("settings", default=dict, blank=True, db_default={})
    sealed = models.TextField(default="", blank=True, db_default="", editable=False)
    enabled = models.BooleanField("in use", default=True, db_default=True)
    position = models.PositiveSmallIntegerField(
        "order", default=0, db_default=0, help_text="The lowest is tried first when another channel fails."
    )
    # How it words title and body, see notifications.wording; empty: as they are.
    title_template = models.TextField(default="", blank=True, db_default="")
    body_template = models.TextField(default="", blank=True, db_default="")
    created_at = models.DateTimeField("made", default=timezone.now, db_default=Now(), editable=False)
    updated_at = models.DateTimeField("changed", auto_now=True, db_default=Now())
    # The breaker: open from opened_at until a delivery succeeds, which is tried at retry_at.
    failures = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    opened_at = models.DateTimeField(null=True, editable=False)
    retry_at = models.DateTimeField(null=True, editable=False)
    cause = models.TextField(default="", db_default="", editable=False)
    # The first delivery since the settings are as they are; without any it is untested.
    works_since = models.DateTimeField(null=True, editable=False)
    # The bucket of tokens, each of which lets one message out.
    tokens = models.FloatField(null=True, editable=False)
    tokens_at = models.DateTimeField(null=True, editable=False)

    objects = ChannelQuerySet.as_manager()

    class Meta:
        db_table = "channels"
        ordering = ["position", "created_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "name"], name="channels_one_name",
                violation_error_message="You have a channel of this name already.",
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.name

    @property
    def is_open(self) -> bool:
        """Whether its breaker is open: nothing goes out but a try now and then."""
        return self.opened_at is not None


class Delivery(models.Model):
    """One message on its way to one person by one channel, from the decision to the outcome."""

    class Status(models.TextChoices):
        WAITING = "waiting", "waits for a channel"
        HELD = "held"
        DUE = "due"
        SENDING = "sending"
        DELIVERED = "delivered"
        BUNDLED = "bundled"
        SKIPPED = "skipped", "not sent"
        DEAD = "dead", "failed"

    class Reason(models.TextChoices):
        FIRST = "first"
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
    tries = models.PositiveIntegerField(default=0, db_default=0)
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
            models.Index(fields=["expires_at"], name="deliveries_open", condition=Q(status__in=["due", "waiting"])),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def in_order(self) -> "models.QuerySet[DeliveryAttempt]":
        """Its attempts, the first one first: one that is sent again counts anew."""
        return self.attempts.order_by("started_at", "number")


class DeliveryAttempt(models.Model):
    """One try of a delivery, written before it and again after it; one that never ended was interrupted."""

    class Outcome(models.TextChoices):
        STARTED = "started"
        DELIVERED = "delivered"
        FAILED = "failed", "failed, tried again"
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


class Preference(models.Model):
    """What one person wants: by channel and severity; hours in which only what is critical may come; the hour of the
    daily digest."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="notification_preference"
    )
    matrix = models.JSONField(default=dict, blank=True, db_default={})  # {channel id: {severity: mode}}
    quiet = models.JSONField(default=list, blank=True, db_default=[])  # see notifications.quiet
    digest_at = models.TimeField("daily digest at", default=time(8), db_default=time(8))

    objects = OwnedQuerySet.as_manager()

    class Meta:
        db_table = "notification_preferences"

    def __str__(self) -> str:
        return f"preferences of {self.user_id}"


class Mute(models.Model):
    """A rule that one person does not want to be sent; it still comes into the inbox."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, db_default=RandomUUID(), editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="mutes", db_index=False)
    rule = models.ForeignKey(AutomationRule, models.CASCADE, related_name="+")
    until = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now, db_default=Now())

    objects = OwnedQuerySet.as_manager()

    class Meta:
        db_table = "notification_mutes"
        constraints = [models.UniqueConstraint(fields=["user", "rule"], name="notification_mutes_once")]

    def __str__(self) -> str:
        return f"{self.rule_id} muted"
