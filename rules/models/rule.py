"""A rule: a metric, an operator, a threshold, an action."""

import uuid
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.postgres.functions import RandomUUID
from django.core.validators import URLValidator
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from rules import registries
from rules.engine.conditions import Match, Operator, Reducer
from rules.engine.evaluated_rules import IN_FORCE_STATUSES
from rules.engine.series_choice import SeriesAggregate, SeriesMode
from rules.models.querysets import RuleQuerySet
from rules.models.recorded import RecordedHistory
from smartagent.fields import FactsField, NumericField
from smartagent.kernel.scope import RepresentableManager


class Severity(models.TextChoices):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


SEVERITIES_WORST_FIRST = tuple(reversed(Severity.values))  # in the order of SEVERITY_RANK


class PresentRules(RepresentableManager):
    """Rules that are not in the recycle bin."""

    def get_queryset(self) -> models.QuerySet[Any]:
        return super().get_queryset().filter(deleted_at=None)


class DeletedRules(RepresentableManager):
    """Rules in the recycle bin."""

    def get_queryset(self) -> models.QuerySet[Any]:
        return super().get_queryset().exclude(deleted_at=None)


class AutomationRule(models.Model):
    """A rule: monitors a metric of its owner, or of everyone, and runs its action when the condition is met."""

    class Status(models.TextChoices):
        ACTIVE = "active"
        PAUSED = "paused"
        DISABLED = "disabled"
        DRAFT = "draft"

    class AppliesTo(models.TextChoices):
        OWNER = "owner", "its owner"
        EVERYONE = "everyone", "everyone"

    class NoDataPolicy(models.TextChoices):
        KEEP = "keep", "keep the last state"
        FIRE = "fire", "fire"
        RESOLVE = "resolve", "resolve"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, db_default=RandomUUID(), editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="rules", verbose_name="owner", db_index=False
    )
    rule_name = models.TextField("name")
    description = models.TextField(blank=True, null=True)
    metric_type = models.TextField("metric")
    condition_operator = models.TextField("operator", choices=Operator.choices)
    threshold_value = NumericField("threshold")
    action_type = models.TextField("action", choices=registries.action_choices)
    action_config = FactsField("action options", default=dict, null=True, blank=True, db_default={})
    target_integration = models.TextField(
        "integration",
        blank=True,
        null=True,
    )
    series_mode = models.TextField(
        "instances", choices=SeriesMode.choices, default=SeriesMode.ONE, db_default=SeriesMode.ONE
    )
    matchers = models.JSONField(default=list, blank=True, db_default=[])
    group_by = models.JSONField("group by", default=list, blank=True, db_default=[])
    series_aggregate = models.TextField(
        "aggregation across series",
        choices=SeriesAggregate.choices,
        default=SeriesAggregate.SUM,
        db_default=SeriesAggregate.SUM,
    )
    status = models.TextField(choices=Status.choices, default=Status.ACTIVE, db_default=Status.ACTIVE)
    last_triggered_at = models.DateTimeField("last triggered", null=True, blank=True, editable=False)
    trigger_count = models.IntegerField("triggered", default=0, db_default=0, editable=False)
    severity = models.TextField(choices=Severity.choices, default=Severity.MEDIUM, db_default=Severity.MEDIUM)
    applies_to = models.TextField(
        "watches",
        choices=AppliesTo.choices,
        default=AppliesTo.OWNER,
        db_default=AppliesTo.OWNER,
    )
    pending_for = models.DurationField("pending period", default=timedelta(0), db_default=timedelta(0))
    keep_firing_for = models.DurationField("keep firing for", default=timedelta(0), db_default=timedelta(0))
    recovery_threshold = NumericField("recovery threshold", null=True, blank=True)
    no_data_policy = models.TextField(
        "on no data", choices=NoDataPolicy.choices, default=NoDataPolicy.KEEP, db_default=NoDataPolicy.KEEP
    )
    error_policy = models.TextField(
        "on error",
        choices=NoDataPolicy.choices,
        default=NoDataPolicy.KEEP,
        db_default=NoDataPolicy.KEEP,
    )
    repeat_every = models.DurationField(
        "repeat every",
        default=timedelta(hours=4),
        db_default=timedelta(hours=4),
    )
    reducer = models.TextField("aggregation", choices=Reducer.choices, default=Reducer.LAST, db_default=Reducer.LAST)
    evaluation_window = models.DurationField(
        "window",
        default=timedelta(0),
        db_default=timedelta(0),
    )
    reducer_parameter = NumericField("parameter", null=True, blank=True)
    critical_threshold = NumericField("critical threshold", null=True, blank=True)
    match = models.TextField("fires when", choices=Match.choices, default=Match.ALL, db_default=Match.ALL)
    more_conditions = models.JSONField("further conditions", default=list, blank=True, db_default=[])
    labels = FactsField(default=dict, blank=True, db_default={})
    runbook_url = models.TextField("runbook", blank=True, null=True, validators=[URLValidator(["http", "https"])])
    uid = models.TextField(null=True, blank=True, editable=False, help_text="Permanent identifier in rules files.")
    provisioned_by = models.TextField(
        default="",
        db_default="",
        blank=True,
        editable=False,
        help_text="File that manages this rule. Only the file can change it.",
    )
    written_by = models.TextField(
        default="",
        db_default="",
        blank=True,
        editable=False,
        help_text="Author, neither owner nor operator, of a rule of another application. Not evaluated.",
    )
    deleted_at = models.DateTimeField("deleted", null=True, blank=True, editable=False)
    deleted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
        db_index=False,
    )
    created_at = models.DateTimeField("created", default=timezone.now, db_default=Now(), editable=False)
    updated_at = models.DateTimeField("updated", auto_now=True, db_default=Now())

    # The same table has rules of the old application, of an older kind.
    REPRESENTABLE = models.Q(
        user__isnull=False,
        rule_name__isnull=False,
        metric_type__isnull=False,
        condition_operator__in=Operator.values,
        threshold_value__isnull=False,
        action_type__isnull=False,
        status__in=Status.values,
    )

    objects = PresentRules.from_queryset(RuleQuerySet)()
    binned = DeletedRules.from_queryset(RuleQuerySet)()
    history = RecordedHistory(
        table_name="automation_rules_history",
        excluded_fields=["last_triggered_at", "trigger_count", "updated_at", "written_by"],
        history_user_id_field=None,
    )

    class Meta:
        db_table = "automation_rules"
        verbose_name = "rule"
        ordering = ["rule_name", "id"]
        indexes = [
            models.Index(fields=["user", "rule_name"], name="automation_rules_owner"),
            models.Index(fields=["rule_name", "id"], name="automation_rules_by_name"),
            models.Index(  # serves the candidates of an evaluation
                fields=["metric_type"],
                name="automation_rules_evaluated",
                condition=models.Q(status__in=IN_FORCE_STATUSES),
            ),
            models.Index(  # serves rules with windows or several conditions
                fields=["id"],
                name="automation_rules_composed",
                condition=~models.Q(reducer="last", more_conditions=[]),
            ),
            models.Index(  # serves rules with several instances a person
                fields=["id"], name="automation_rules_of_series", condition=~models.Q(series_mode="one")
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["uid"], name="automation_rules_uid"),
            models.CheckConstraint(
                condition=models.Q(condition_operator__in=Operator.values), name="automation_rules_operator"
            ),
            models.CheckConstraint(
                condition=models.Q(status__in=["active", "paused", "disabled", "draft"]),
                name="automation_rules_status_known",
            ),
            models.CheckConstraint(
                condition=models.Q(applies_to__in=["owner", "everyone"]), name="automation_rules_applies_to"
            ),
        ]

    def __str__(self) -> str:
        return self.rule_name

    @property
    def is_simple(self) -> bool:
        """Whether the rule has one condition on the newest reading: the fast path of an evaluation."""
        return self.reducer == Reducer.LAST and not self.more_conditions and not self.watches_series

    def columns(self) -> dict[str, Any]:
        """The values of all columns, by their attributes; the default where another program has written the null of
        JSON, which cannot be told from the null that a column refuses."""
        values = {column: getattr(self, column.attname) for column in self._meta.concrete_fields}
        return {
            column.attname: column.get_default() if value is None and not column.null else value
            for column, value in values.items()
        }

    @property
    def watches_series(self) -> bool:
        """Whether it has an instance per series or combination of labels, not one per person."""
        return self.series_mode != SeriesMode.ONE

    @property
    def watched(self) -> set[str]:
        """The metrics of all its conditions."""
        more = self.more_conditions if isinstance(self.more_conditions, list) else []
        return {self.metric_type} | {str(each.get("metric")) for each in more if isinstance(each, dict)}
