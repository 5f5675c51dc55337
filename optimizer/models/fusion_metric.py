"""The components of fusion scores."""

import uuid
from decimal import Decimal

from django.conf import settings
from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from rules.models.readings import Integration
from smartagent.fields import FactsField, NumericField
from smartagent.kernel.scope import OwnedQuerySet


class FusionMetric(models.Model):
    """One of the metrics that a person's fusion score is made of: its value and its weight in the score."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, db_default=RandomUUID(), editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="+", db_index=False)
    integration = models.ForeignKey(
        Integration, models.DO_NOTHING, null=True, related_name="+", db_constraint=False, db_index=False
    )
    metric_name = models.TextField()
    metric_type = models.TextField(null=True, help_text="Method: count, sum, average, percentage or trend.")
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
