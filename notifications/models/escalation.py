"""Escalation policies, and the running escalations of instances."""

import uuid
from typing import Self

from django.conf import settings
from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from rules.models import RuleState
from rules.models.recorded import Recorded
from rules.models.rule import AutomationRule, Severity
from smartagent.kernel.scope import OwnedQuerySet


class EscalationQuerySet(OwnedQuerySet):
    owner_paths = ("rule__user",)

    def running(self) -> Self:
        """Escalations with a next step."""
        return self.filter(status="running")


class EscalationPolicy(Recorded):
    """Ordered steps: whom to notify after how long. Several rules can share a policy."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, db_default=RandomUUID(), editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="escalation_policies", verbose_name="owner",
        db_index=False,
    )  # fmt: skip
    name = models.CharField(max_length=100, unique=True, help_text="Rules refer to the policy by this name.")
    steps = models.JSONField(default=list, db_default=[])  # see notifications.escalations.steps
    repeats = models.PositiveSmallIntegerField(
        "repeat", default=0, db_default=0, help_text="Number of times all steps are repeated if nobody acknowledges."
    )
    created_at = models.DateTimeField("created", default=timezone.now, db_default=Now(), editable=False)
    updated_at = models.DateTimeField("updated", auto_now=True, db_default=Now())

    recorded_kind = "escalation policy"
    recorded_fields = ("user", "name", "steps", "repeats")

    objects = OwnedQuerySet.as_manager()

    class Meta:
        db_table = "escalation_policies"
        ordering = ["name", "id"]
        verbose_name_plural = "escalation policies"

    def __str__(self) -> str:
        return self.name


class Escalation(models.Model):
    """A running policy for one episode of one instance. Its steps are those of the policy when it began."""

    class Status(models.TextChoices):
        RUNNING = "running"
        STOPPED = "stopped"
        FINISHED = "finished"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, db_default=RandomUUID(), editable=False)
    policy = models.ForeignKey(EscalationPolicy, models.SET_NULL, null=True, related_name="+")
    policy_name = models.TextField()
    rule = models.ForeignKey(AutomationRule, models.CASCADE, related_name="+")
    state = models.ForeignKey(RuleState, models.CASCADE, related_name="+", db_index=False)
    entry_id = models.UUIDField()  # the activity entry that began it
    episode = models.IntegerField()
    steps = models.JSONField()
    repeats = models.PositiveSmallIntegerField()
    step = models.PositiveSmallIntegerField(default=0, db_default=0)  # the next one
    round = models.PositiveSmallIntegerField(default=0, db_default=0)
    title = models.TextField()
    message = models.TextField()
    severity = models.TextField(choices=Severity.choices)
    metadata = models.JSONField(default=dict, db_default={})
    status = models.TextField(choices=Status.choices, default=Status.RUNNING, db_default=Status.RUNNING)
    cause = models.TextField(default="", db_default="")
    due_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField("started", default=timezone.now, db_default=Now())
    ended_at = models.DateTimeField(null=True)

    objects = EscalationQuerySet.as_manager()

    class Meta:
        db_table = "escalations"
        ordering = ["-created_at", "-id"]
        indexes = [models.Index(fields=["due_at"], name="escalations_due", condition=Q(status="running"))]
        constraints = [models.UniqueConstraint(fields=["state", "episode"], name="escalations_one_an_episode")]

    def __str__(self) -> str:
        return f"{self.policy_name}: {self.status}"
