"""Data sources: Prometheus-compatible servers, and the metrics that are queries of them."""

import uuid

from django.contrib.postgres.functions import RandomUUID
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from smartagent.kernel.scope import PlatformQuerySet

MAX_QUERY_SECONDS = 60


class DataSource(models.Model):
    """A server with the HTTP API of Prometheus. Its secrets are encrypted, and never shown again."""

    class Authentication(models.TextChoices):
        NONE = "none", "None"
        BASIC = "basic", "Basic (user name and password)"
        BEARER = "bearer", "Bearer token"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, db_default=RandomUUID(), editable=False)
    name = models.CharField(
        max_length=100,
        unique=True,
        help_text="Metric queries and rules files name the source by it.",
        error_messages={"unique": "A data source with this name already exists."},
    )
    address = models.CharField(
        max_length=500,
        help_text="Where /api/v1/query is, for example https://prometheus.example.com or "
        "https://mimir.example.com/prometheus.",
    )
    verify_tls = models.BooleanField(
        "verify the TLS certificate",
        default=True,
        db_default=True,
        help_text="Off: a certificate that is self-signed or expired is accepted.",
    )
    ca_certificate = models.TextField(
        "CA certificate",
        default="",
        blank=True,
        db_default="",
        help_text="One or more certificates in PEM. Only what they have signed is then accepted. Empty: the usual "
        "authorities.",
    )
    authentication = models.CharField(
        max_length=20, choices=Authentication.choices, default=Authentication.NONE, db_default=Authentication.NONE
    )
    username = models.CharField("user name", max_length=200, default="", blank=True, db_default="")
    header_names = models.JSONField(default=list, blank=True, db_default=[], editable=False)
    # Encrypted: {"password": …, "token": …, "headers": {name: value}}, each where there is one.
    sealed = models.TextField(default="", blank=True, db_default="", editable=False)
    timeout = models.PositiveSmallIntegerField(
        default=10,
        db_default=10,
        validators=[MinValueValidator(1), MaxValueValidator(MAX_QUERY_SECONDS)],
        help_text="Seconds for one query, 1 to 60.",
    )
    person_label = models.CharField(
        "label of the person",
        max_length=100,
        default="",
        blank=True,
        db_default="",
        help_text="Label that holds the e-mail address or ID of a person. Empty: all series are platform-wide.",
    )
    enabled = models.BooleanField(default=True, db_default=True)
    provisioned_by = models.TextField(
        default="", db_default="", blank=True, editable=False, help_text="Rules file that manages this data source."
    )
    created_at = models.DateTimeField("created", default=timezone.now, db_default=Now(), editable=False)
    updated_at = models.DateTimeField("updated", auto_now=True, db_default=Now())
    # What evaluations found; see rules.data_sources.record.
    last_success_at = models.DateTimeField("last success", null=True, editable=False)
    last_error_at = models.DateTimeField(null=True, editable=False)
    last_error = models.TextField(default="", db_default="", blank=True, editable=False)
    recent = models.JSONField(default=list, blank=True, db_default=[], editable=False)
    errors = models.JSONField(default=list, blank=True, db_default=[], editable=False)

    objects = PlatformQuerySet.as_manager()

    class Meta:
        db_table = "data_sources"
        ordering = ["name"]
        verbose_name = "data source"

    def __str__(self) -> str:
        return self.name


class MetricQuery(models.Model):
    """A metric that is computed by a data source at each evaluation; its series are not stored here."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, db_default=RandomUUID(), editable=False)
    name = models.CharField(
        "metric",
        max_length=200,  # as of every metric: rules.ingest.samples.MAX_METRIC_NAME
        unique=True,
        help_text="Rules watch the query as the metric of this name.",
        error_messages={"unique": "A metric query with this name already exists."},
    )
    source = models.ForeignKey(DataSource, models.CASCADE, related_name="queries", verbose_name="data source")
    expression = models.TextField(help_text="PromQL, for example rate(http_requests_total[5m]).")
    description = models.CharField(max_length=500, default="", blank=True, db_default="")
    unit = models.CharField(max_length=40, default="", blank=True, db_default="", help_text="For example % or ms.")
    provisioned_by = models.TextField(
        default="", db_default="", blank=True, editable=False, help_text="Rules file that manages this query."
    )
    created_at = models.DateTimeField("created", default=timezone.now, db_default=Now(), editable=False)
    updated_at = models.DateTimeField("updated", auto_now=True, db_default=Now())

    objects = PlatformQuerySet.as_manager()

    class Meta:
        db_table = "metric_queries"
        ordering = ["name"]
        verbose_name = "metric query"
        verbose_name_plural = "metric queries"

    def __str__(self) -> str:
        return self.name
