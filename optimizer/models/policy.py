"""The automation policy: one row for the whole installation."""

from typing import Self

from django.db import models


class OptimizerPolicy(models.Model):
    """The guard-rails. A row that is not there yet is one with these defaults."""

    class OnFailure(models.TextChoices):
        KEEP = "keep", "keep earlier changes"
        UNDO = "undo", "revert earlier changes"

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, db_default=1, editable=False)
    stopped = models.BooleanField("stopped", default=False, db_default=False)
    automatic_per_day = models.PositiveSmallIntegerField(
        "automatic changes per person and day", default=3, db_default=3
    )
    trusted_after = models.PositiveSmallIntegerField("required approved successes", default=3, db_default=3)
    trusted_rate = models.FloatField("minimum success rate", default=0.6, db_default=0.6)
    needs_another = models.BooleanField("approval by another person", default=False, db_default=False)
    undo_worse = models.BooleanField("roll back changes that made the metric worse", default=False, db_default=False)
    on_failure = models.TextField(choices=OnFailure.choices, default=OnFailure.UNDO, db_default=OnFailure.UNDO)
    window = models.JSONField(
        "change window", default=list, db_default=[], blank=True
    )  # see optimizer.policy.change_window
    window_zone = models.TextField("time zone", default="UTC", db_default="UTC")
    updated_at = models.DateTimeField(auto_now=True, null=True)

    class Meta:
        db_table = "optimizer_policy"
        verbose_name_plural = "optimizer policy"
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="optimizer_policy_one_row")]

    def __str__(self) -> str:
        return "Automation policy"

    @classmethod
    def current(cls) -> Self:
        """The policy that holds now."""
        return cls.objects.filter(pk=1).first() or cls()
