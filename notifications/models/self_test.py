"""The runs of the self-test."""

import uuid

from django.contrib.postgres.functions import RandomUUID
from django.db import models


class SelfTestRun(models.Model):
    """One run: its stages as a list of {stage, status, milliseconds, error}."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, db_default=RandomUUID(), editable=False)
    trigger = models.TextField(choices=[("schedule", "schedule"), ("command", "command")])
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField()
    stages = models.JSONField(default=list, db_default=[])
    passed = models.PositiveSmallIntegerField(help_text="Stages that passed.")
    failed = models.PositiveSmallIntegerField(help_text="Stages that failed.")
    noticed_level = models.PositiveSmallIntegerField(
        default=0, db_default=0, help_text="1: operators were notified of a failure rate above 10 %; 2: above 33 %."
    )

    class Meta:
        db_table = "self_test_runs"
        ordering = ["-started_at", "-id"]
        verbose_name = "self-test run"
        indexes = [models.Index(fields=["-started_at", "-id"], name="self_test_runs_newest")]

    def __str__(self) -> str:
        return f"self-test {self.started_at:%Y-%m-%d %H:%M:%S}"

    @property
    def milliseconds(self) -> float:
        """How long it took."""
        return (self.finished_at - self.started_at).total_seconds() * 1000
