"""Series and their samples: pushed readings, and the stored changes of built-in metrics."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, ClassVar, Self
from uuid import UUID

from django.conf import settings
from django.db import models

from rules.engine.series_labels import series_key
from smartagent.kernel.scope import OwnedQuerySet


class MetricSeries(models.Model):
    """The readings of one metric: of a person, or without one of the platform, and of one combination of labels.

    `target` is the key of the labels (`rules.engine.series_labels`), as which the series is an instance's target.
    """

    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="+", db_index=False)
    metric = models.TextField()
    target = models.TextField(default="", db_default="", blank=True)
    labels = models.JSONField(default=dict, blank=True, db_default={})
    stale_at = models.DateTimeField(null=True, help_text="When its source ended it; empty once a sample is newer.")

    objects = OwnedQuerySet.as_manager()

    class Meta:
        db_table = "metric_series"
        verbose_name = "series"
        verbose_name_plural = "series"
        indexes = [models.Index(fields=["metric", "target"], name="metric_series_of_metric")]
        constraints = [
            models.UniqueConstraint(fields=["user", "metric", "target"], name="metric_series_of_person"),
            models.UniqueConstraint(
                fields=["metric", "target"], condition=models.Q(user=None), name="metric_series_of_platform"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.metric}{self.target}"


class SampleQuerySet(OwnedQuerySet):
    owner_paths: ClassVar[tuple[str, ...]] = ("series__user",)

    def of(self, user: Any, metric: str, target: str = "") -> Self:
        """The samples of one series; of the platform where `user` is None."""
        return self.filter(series__user=user, series__metric=metric, series__target=target)


class SampleManager(models.Manager.from_queryset(SampleQuerySet)):  # type: ignore[misc]
    def push(self, **sample: Any) -> "MetricSample":
        """Store one sample: user, metric, value, observed_at, and target or labels where it has some."""
        return self.push_all([sample])[0]

    def push_all(self, samples: Iterable[Mapping[str, Any]]) -> "list[MetricSample]":
        """Store few samples, as `push` takes them, without checks; the last one of a series and time counts."""
        known: dict[tuple[UUID | None, str, str], MetricSeries] = {}
        made = [self._made(known, **sample) for sample in samples]
        rows = {(each.series_id, each.observed_at): each for each in made}
        unique = ["series", "observed_at"]
        self.bulk_create(rows.values(), update_conflicts=True, update_fields=["value"], unique_fields=unique)
        return list(rows.values())

    def _made(
        self, known: dict[tuple[UUID | None, str, str], MetricSeries], *, metric: str, value: float,
        observed_at: datetime, user: Any = None, target: str = "", labels: Mapping[str, str] | None = None,
    ) -> "MetricSample":  # fmt: skip
        named = dict(labels or ({"target": target} if target else {}))
        key = (user.pk if user else None, metric, series_key(named))
        if key not in known:
            known[key] = MetricSeries.objects.get_or_create(
                user=user, metric=metric, target=key[2], defaults={"labels": named}
            )[0]
        return MetricSample(series=known[key], value=value, observed_at=observed_at)


class MetricSample(models.Model):
    """A pushed reading, or a stored change of a built-in metric."""

    pk = models.CompositePrimaryKey("series", "observed_at")
    series = models.ForeignKey(MetricSeries, models.CASCADE, related_name="samples", db_index=False)
    observed_at = models.DateTimeField()
    value = models.FloatField()

    objects = SampleManager()

    class Meta:
        db_table = "metric_samples"

    def __str__(self) -> str:
        return f"{self.series_id} {self.value:g}"
