"""What was proposed to make things better, and what was done."""

import uuid
from decimal import Decimal

from django.conf import settings
from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from optimizer.querysets import OptimizationQuerySet
from rules.models.readings import Integration
from rules.models.rule import AutomationRule
from smartagent.fields import FactsField, NumericField
from smartagent.scope import OwnedQuerySet


class OptimizationEvent(models.Model):
    """A remedy for one person: what a strategy recommends, and what became of it."""

    class Status(models.TextChoices):
        PROPOSED = "proposed"
        APPROVED = "approved"
        APPLIED = "applied"
        DISMISSED = "dismissed"
        FAILED = "failed"
        ROLLED_BACK = "rolled_back", "rolled back"
        EXPIRED = "expired"

    class Kind(models.TextChoices):
        PRE_TUNE = "pre_tune", "pre-tune"
        STABILIZE = "stabilize"
        RECALIBRATE = "recalibrate"
        AUTO = "auto"
        MANUAL = "manual"
        SCHEDULED = "scheduled"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, db_default=RandomUUID(), editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        null=True,
        related_name="+",
        verbose_name="person",
        db_index=False,
    )
    rule = models.ForeignKey(AutomationRule, models.SET_NULL, null=True, related_name="optimizations")
    source_event_type = models.TextField("source")
    predicted_variance = NumericField(null=True)
    predicted_stability = NumericField(null=True)
    optimization_action = models.TextField("kind", choices=Kind.choices)
    strategy = models.TextField(null=True)
    recommended_actions = models.JSONField("recommended", default=list, null=True, db_default=[])
    parameter_delta = FactsField(default=dict, null=True)
    efficiency_index = NumericField(null=True)
    applied = models.BooleanField(default=False, null=True, db_default=False)
    status = models.TextField(choices=Status.choices, default=Status.PROPOSED, db_default=Status.PROPOSED)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    created_at = models.DateTimeField("when", default=timezone.now, null=True, db_default=Now())

    objects = OptimizationQuerySet.as_manager()

    class Meta:
        db_table = "fusion_optimization_events"
        verbose_name = "optimization"
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="fusion_optimization_newest"),
            models.Index(fields=["user", "-created_at"], name="fusion_optimization_person"),
            models.Index(fields=["user"], name="fusion_optimization_proposed", condition=models.Q(status="proposed")),
        ]

    def __str__(self) -> str:
        return f"{self.strategy or self.optimization_action} {self.status}"


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


class FusionMetric(models.Model):
    """One of the metrics that a person's fusion score is made of: its value and its weight in the score."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, db_default=RandomUUID(), editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="+", db_index=False)
    integration = models.ForeignKey(
        Integration, models.DO_NOTHING, null=True, related_name="+", db_constraint=False, db_index=False
    )
    metric_name = models.TextField()
    metric_type = models.TextField(null=True, help_text="How it is made: count, sum, average, percentage or trend.")
    raw_value = NumericField(null=True)
    normalized_value = NumericField(null=True, help_text="Between 0 and 1.")
    weight = NumericField(default=Decimal("0.2"), null=True, db_default=Decimal("0.2"))
    data_source = FactsField(default=dict, null=True, db_default={})
    synced_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now, null=True, db_default=Now())

    objects = OwnedQuerySet.as_manager()

    class Meta:
        db_table = "fusion_metrics"
        constraints = [
            models.UniqueConstraint(fields=["user", "integration", "metric_name"], name="fusion_metrics_one_of_a_name")
        ]

    def __str__(self) -> str:
        return self.metric_name
