import uuid
from datetime import time

from django.conf import settings
from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from rules.models.recorded import Recorded
from rules.models.rule import AutomationRule
from smartagent.kernel.scope import OwnedQuerySet


class Preference(Recorded):
    """The preferences of one person: by channel and severity; quiet hours, in which only critical messages are sent;
    the hour of the daily digest."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="notification_preference"
    )
    matrix = models.JSONField(default=dict, blank=True, db_default={})  # {channel id: {severity: mode}}
    quiet = models.JSONField(default=list, blank=True, db_default=[])  # see notifications.routing.quiet_hours
    digest_at = models.TimeField("daily digest at", default=time(8), db_default=time(8))

    recorded_kind = "preferences"
    recorded_fields = ("matrix", "quiet", "digest_at")
    recorded_deletion = "change"  # without a row, the defaults hold

    objects = OwnedQuerySet.as_manager()

    class Meta:
        db_table = "notification_preferences"

    def __str__(self) -> str:
        return f"preferences of {self.user_id}"


class Mute(Recorded):
    """A rule that a person has muted: notifications only go to the inbox."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, db_default=RandomUUID(), editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="mutes", db_index=False)
    rule = models.ForeignKey(AutomationRule, models.CASCADE, related_name="+")
    until = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now, db_default=Now())

    recorded_kind = "mute"
    recorded_fields = ("until",)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        db_table = "notification_mutes"
        constraints = [models.UniqueConstraint(fields=["user", "rule"], name="notification_mutes_once")]

    def __str__(self) -> str:
        rule = AutomationRule._base_manager.filter(pk=self.rule_id).first()
        return rule.rule_name if rule else f"rule {self.rule_id}"
