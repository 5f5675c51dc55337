"""Feedback on firings: useful, or noise."""

import uuid

from django.conf import settings
from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from rules.models.activity import ActivityEntry
from rules.models.rule import AutomationRule
from smartagent.kernel.scope import OwnedQuerySet


class Feedback(models.Model):
    """The feedback of one person on one firing."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, db_default=RandomUUID(), editable=False)
    rule = models.ForeignKey(AutomationRule, models.CASCADE, related_name="feedback")
    entry = models.ForeignKey(ActivityEntry, models.CASCADE, related_name="feedback", db_constraint=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False)
    useful = models.BooleanField()
    created_at = models.DateTimeField(default=timezone.now, db_default=Now())

    objects = OwnedQuerySet.as_manager()

    class Meta:
        db_table = "rule_feedback"
        constraints = [models.UniqueConstraint(fields=["entry", "user"], name="rule_feedback_once")]

    def __str__(self) -> str:
        return "useful" if self.useful else "noise"
