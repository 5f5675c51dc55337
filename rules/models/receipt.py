"""What each person's programs have sent by other protocols, and how much of it was not kept."""

import uuid

from django.conf import settings
from django.contrib.postgres.functions import RandomUUID
from django.db import models

from smartagent.kernel.scope import OwnedQuerySet


class IngestQuota(models.Model):
    """How many samples of a minute the processes have claimed for one person's programs."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="+")
    minute = models.DateTimeField()
    samples = models.BigIntegerField()

    class Meta:
        db_table = "ingest_quotas"
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.user_id} {self.minute:%H:%M} {self.samples}"


class MetricReceipt(models.Model):
    """The requests of one person's tokens by one protocol: samples that were kept, and what was not, by reason."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, db_default=RandomUUID(), editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False)
    protocol = models.TextField()
    requests = models.BigIntegerField(default=0, db_default=0)
    samples = models.BigIntegerField(default=0, db_default=0)
    not_kept = models.JSONField(default=dict, blank=True, db_default={}, help_text="Counts by reason.")
    example = models.TextField(default="", blank=True, db_default="", help_text="Latest refusals, in words.")
    last_at = models.DateTimeField(help_text="Time of the latest request.")
    refused_at = models.DateTimeField(null=True, help_text="Time of the latest request of which something was refused.")

    objects = OwnedQuerySet.as_manager()

    class Meta:
        db_table = "metric_receipts"
        verbose_name = "sender"
        constraints = [models.UniqueConstraint(fields=["user", "protocol"], name="metric_receipts_of_protocol")]

    def __str__(self) -> str:
        return self.protocol
