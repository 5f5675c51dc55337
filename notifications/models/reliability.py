"""The service level goal of deliveries: one row for the whole installation."""

from typing import Self

from django.db import models


class ReliabilityGoal(models.Model):
    """So many percent of the deliveries arrive within so many seconds. A row that is not there yet has these values."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, db_default=1, editable=False)
    percent = models.FloatField("goal", default=99.5, db_default=99.5)
    seconds = models.PositiveIntegerField("within seconds", default=60, db_default=60)
    test_channels = models.JSONField(
        "test channels", default=list, db_default=[], blank=True, help_text="IDs of channels that the self-test uses."
    )
    updated_at = models.DateTimeField(auto_now=True, null=True)

    class Meta:
        db_table = "reliability_goal"
        verbose_name_plural = "reliability goal"
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="reliability_goal_one_row")]

    def __str__(self) -> str:
        return f"{self.percent:g} % delivered within {self.seconds} s"

    @classmethod
    def current(cls) -> Self:
        """The goal that holds now."""
        return cls.objects.filter(pk=1).first() or cls()
