"""The optimizer's own log, which a legacy system writes too."""

import uuid

from django.conf import settings
from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from optimizer.models.event import OptimizationEvent
from smartagent.fields import FactsField
from smartagent.kernel.scope import OwnedQuerySet


class ActionLog(models.Model):
    """One thing the optimizer did or asked for."""

    class Status(models.TextChoices):
        PENDING = "pending"
        COMPLETED = "completed"
        FAILED = "failed"
        SUCCESS = "success"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, db_default=RandomUUID(), editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        null=True,
        related_name="+",
        verbose_name="person",
        db_index=False,
    )
    event = models.ForeignKey(OptimizationEvent, models.SET_NULL, null=True, related_name="actions")
    action_type = models.TextField("action")
    action_details = FactsField("details", default=dict, null=True, db_default={})
    status = models.TextField(choices=Status.choices, default=Status.PENDING, db_default=Status.PENDING)
    created_at = models.DateTimeField("when", default=timezone.now, null=True, db_default=Now())

    objects = OwnedQuerySet.as_manager()

    class Meta:
        db_table = "fusion_action_log"
        verbose_name = "optimizer action"
        ordering = ["-created_at", "-id"]
        indexes = [models.Index(fields=["user", "-created_at"], name="fusion_action_log_person")]

    def __str__(self) -> str:
        return f"{self.action_type} {self.status}"
