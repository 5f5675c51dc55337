"""The operations of a proposal, one after the other."""

import uuid

from django.contrib.postgres.functions import RandomUUID
from django.db import models

from optimizer.models.event import OptimizationEvent
from rules.models.readings import Integration
from smartagent.kernel.scope import OwnedQuerySet


class OptimizationStep(models.Model):
    """One operation with its parameters: why, what it changed from what to what, and how it ended."""

    class Status(models.TextChoices):
        PROPOSED = "proposed"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"
        SKIPPED = "skipped"
        UNDONE = "undone"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, db_default=RandomUUID(), editable=False)
    event = models.ForeignKey(OptimizationEvent, models.CASCADE, related_name="steps", db_index=False)
    position = models.PositiveSmallIntegerField()
    operation = models.TextField()
    integration = models.ForeignKey(
        Integration, models.DO_NOTHING, null=True, related_name="+", db_constraint=False, db_index=False
    )
    parameters = models.JSONField(default=dict, db_default={})
    reason = models.TextField(default="", db_default="")
    expected = models.TextField(default="", db_default="")
    status = models.TextField(choices=Status.choices, default=Status.PROPOSED, db_default=Status.PROPOSED)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    result = models.TextField(default="", db_default="")  # a sentence
    error = models.TextField(default="", db_default="")
    attempt_count = models.PositiveSmallIntegerField(default=0, db_default=0)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        db_table = "optimization_steps"
        ordering = ["event", "position"]
        constraints = [models.UniqueConstraint(fields=["event", "position"], name="optimization_steps_in_order")]

    def __str__(self) -> str:
        return f"{self.position}: {self.operation} {self.status}"
