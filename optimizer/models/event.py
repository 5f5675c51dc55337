"""Optimizations: proposed changes and their outcomes."""

import uuid

from django.conf import settings
from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from optimizer.models.querysets import OF_THIS_APP, OptimizationQuerySet
from rules.models.rule import AutomationRule
from smartagent.fields import FactsField, NumericField
from smartagent.kernel.reads import PersonalRecord


class OptimizationEvent(PersonalRecord):
    """An optimization for one person: what a strategy recommends, and what became of it."""

    class Status(models.TextChoices):
        PROPOSED = "proposed"
        APPROVED = "approved"
        APPLYING = "applying"
        APPLIED = "applied"
        DISMISSED = "dismissed"
        FAILED = "failed"
        ROLLED_BACK = "rolled_back", "rolled back"
        EXPIRED = "expired"

    class Verdict(models.TextChoices):
        IMPROVED = "improved"
        UNCHANGED = "unchanged", "no change"
        WORSE = "worse"
        TOO_LITTLE = "too_little", "too little data"

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
    # The metric and condition of the firing, or of the request.
    metric = models.TextField(default="", db_default="", blank=True)
    target = models.TextField(default="", db_default="", blank=True)
    operator = models.TextField(default="", db_default="", blank=True)
    entry_id = models.UUIDField(null=True, help_text="Activity entry of the proposal.")
    reason = models.TextField(default="", db_default="", blank=True)
    advice = models.JSONField(default=list, db_default=[])  # what only a person can do
    # Who asked, who decided, and when it counts.
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", db_index=False
    )
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", db_index=False
    )
    approved_at = models.DateTimeField(null=True)
    content_hash = models.TextField(default="", db_default="")  # of what was approved; it is not changed afterwards
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", db_index=False
    )
    decision_note = models.TextField(default="", db_default="", blank=True)
    dismissed_until = models.DateTimeField(null=True, help_text="No new proposal before this time; null: never.")
    expires_at = models.DateTimeField(null=True)
    leased_until = models.DateTimeField(null=True)
    applied_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    error_message = models.TextField(default="", db_default="")
    # What it did to the metric.
    measure_at = models.DateTimeField(null=True)
    verdict = models.TextField(choices=Verdict.choices, default="", db_default="", blank=True)
    effect = models.JSONField(null=True)
    created_at = models.DateTimeField("when", default=timezone.now, null=True, db_default=Now())

    objects = OptimizationQuerySet.as_manager()

    class Meta:
        db_table = "fusion_optimization_events"
        verbose_name = "optimization"
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="fusion_optimization_newest"),
            models.Index(fields=["user", "-created_at"], name="fusion_optimization_person"),
            models.Index(fields=["-created_at", "-id"], name="fusion_optimization_ours", condition=OF_THIS_APP),
            models.Index(fields=["user"], name="fusion_optimization_proposed", condition=models.Q(status="proposed")),
            models.Index(
                fields=["leased_until"],
                name="fusion_optimization_work",
                condition=models.Q(status__in=["approved", "applying"]),
            ),
            models.Index(
                fields=["measure_at"],
                name="fusion_optimization_measured",
                condition=models.Q(verdict="", measure_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.strategy or self.optimization_action} {self.status}"

    @property
    def involved(self) -> dict[str, uuid.UUID | None]:
        """The people whose own it is, by what they are to it: who may have to leave its approval to somebody else."""
        owner = self.rule.user_id if self.rule else None
        return {"requested it": self.requested_by_id, "owns the rule": owner, "is concerned": self.user_id}
