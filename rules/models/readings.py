"""The sources of readings that other programs write too: scores, audit events, integrations."""

import uuid

from django.conf import settings
from django.contrib.postgres.functions import RandomUUID
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from rules.models.recorded import Recorded
from smartagent.fields import FactsField, NumericField
from smartagent.kernel.scope import OwnedQuerySet, RepresentableManager

PERCENT_VALIDATORS = [MinValueValidator(0), MaxValueValidator(100)]


class Integration(Recorded):
    """A person's connection to another system, whose status is monitored."""

    class Status(models.TextChoices):
        ACTIVE = "active"
        INACTIVE = "inactive"
        ERROR = "error"
        SYNCING = "syncing"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, db_default=RandomUUID(), editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        related_name="integrations",
        verbose_name="owner",
        db_index=False,
    )
    integration_type = models.TextField("type", help_text="For example slack, outlook, gmail, trello or sendgrid.")
    status = models.TextField(choices=Status.choices, default=Status.INACTIVE, db_default=Status.INACTIVE)
    config = FactsField("settings", default=dict, blank=True, null=True, db_default={})
    credentials_encrypted = models.TextField(null=True, editable=False)
    last_sync_at = models.DateTimeField("last sync", null=True, blank=True)
    error_message = models.TextField("error", null=True, blank=True)
    created_at = models.DateTimeField("created", default=timezone.now, db_default=Now(), editable=False)
    updated_at = models.DateTimeField("updated", auto_now=True, db_default=Now())

    REPRESENTABLE = models.Q(user__isnull=False, integration_type__isnull=False, status__in=Status.values)

    recorded_kind = "integration"
    recorded_fields = ("user", "integration_type", "status", "config")
    recorded_secrets = ("credentials_encrypted",)

    objects = RepresentableManager.from_queryset(OwnedQuerySet)()

    class Meta:
        db_table = "integrations"
        ordering = ["integration_type", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "integration_type"],
                name="integrations_one_of_a_type",
                violation_error_message="This person already has an integration of this type.",
            )
        ]

    def __str__(self) -> str:
        return self.integration_type


class FusionScore(models.Model):
    """A score of a person, or of one integration of theirs, 0 to 100."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, db_default=RandomUUID(), editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="+", db_index=False)
    integration = models.ForeignKey(
        Integration,
        models.DO_NOTHING,
        null=True,
        blank=True,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    fusion_score = NumericField(validators=PERCENT_VALIDATORS, null=True)
    score_breakdown = FactsField(default=dict, blank=True, null=True, db_default={})
    calculated_at = models.DateTimeField(default=timezone.now, null=True, db_default=Now())
    created_at = models.DateTimeField(default=timezone.now, null=True, db_default=Now(), editable=False)
    updated_at = models.DateTimeField(auto_now=True, null=True, db_default=Now())

    objects = OwnedQuerySet.as_manager()

    class Meta:
        db_table = "fusion_scores"
        indexes = [models.Index(fields=["user", "-calculated_at"], name="fusion_scores_newest")]

    def __str__(self) -> str:
        return f"{self.fusion_score}"


class AuditEvent(models.Model):
    """An event in a connected system; severities error and critical count as anomalies."""

    class Severity(models.TextChoices):
        INFO = "info"
        WARNING = "warning"
        ERROR = "error"
        CRITICAL = "critical"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, db_default=RandomUUID(), editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", db_index=False)
    event_type = models.TextField("event")
    # Without a database default: on the old application's table a trigger derives a missing value from other columns.
    severity = models.TextField(choices=Severity.choices, default=Severity.INFO, null=True)
    severity_derived = models.BooleanField(default=False, db_default=False, editable=False)
    message = models.TextField(default="", db_default="", blank=True)
    metadata = FactsField(default=dict, blank=True, db_default={})
    created_at = models.DateTimeField(default=timezone.now, db_default=Now())

    objects = OwnedQuerySet.as_manager()

    class Meta:
        db_table = "fusion_audit_log"
        indexes = [
            models.Index(  # serves anomaly_count and integration_error_count
                fields=["created_at", "user"],
                name="fusion_audit_log_anomalies",
                condition=models.Q(severity__in=["error", "critical"]),
            )
        ]

    def __str__(self) -> str:
        return self.event_type
