import uuid

from django.conf import settings
from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from notifications.models.delivery_querysets import ChannelQuerySet
from notifications.registries import channel_choices
from rules.models.recorded import Recorded


class Channel(Recorded):
    """A delivery channel to one person or place. Its secrets are encrypted, and never shown again."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, db_default=RandomUUID(), editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="channels", verbose_name="owner", db_index=False
    )
    name = models.CharField(max_length=100, help_text="A name, for example: my phone.")
    kind = models.CharField(max_length=40, choices=channel_choices)
    config = models.JSONField("settings", default=dict, blank=True, db_default={})
    sealed = models.TextField(default="", blank=True, db_default="", editable=False)
    enabled = models.BooleanField("enabled", default=True, db_default=True)
    position = models.PositiveSmallIntegerField(
        "order",
        default=0,
        db_default=0,
        help_text="If a channel fails, the channel with the lowest number is used next.",
    )
    # Templates of title and body, see notifications.templating; empty: the default text.
    title_template = models.TextField(default="", blank=True, db_default="")
    body_template = models.TextField(default="", blank=True, db_default="")
    created_at = models.DateTimeField("created", default=timezone.now, db_default=Now(), editable=False)
    updated_at = models.DateTimeField("updated", auto_now=True, db_default=Now())
    # The breaker: open from opened_at until a delivery succeeds, which is tried at retry_at. Closed, but with retry_at:
    # messages wait for the network of this machine.
    failures = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    opened_at = models.DateTimeField(null=True, editable=False)
    retry_at = models.DateTimeField(null=True, editable=False)
    cause = models.TextField(default="", db_default="", editable=False)
    # The first delivery since the settings were changed; without one the channel is untested.
    works_since = models.DateTimeField(null=True, editable=False)
    # The token bucket of the rate limit: one token per message.
    tokens = models.FloatField(null=True, editable=False)
    tokens_at = models.DateTimeField(null=True, editable=False)

    recorded_kind = "channel"
    recorded_fields = ("user", "name", "kind", "config", "enabled", "position", "title_template", "body_template")
    recorded_secrets = ("sealed",)

    objects = ChannelQuerySet.as_manager()

    class Meta:
        db_table = "channels"
        ordering = ["position", "created_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "name"], name="channels_one_name",
                violation_error_message="You already have a channel with this name.",
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.name

    @property
    def is_open(self) -> bool:
        """Whether its circuit breaker is open: only one attempt per wait is made."""
        return self.opened_at is not None
