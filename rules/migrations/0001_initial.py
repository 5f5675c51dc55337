"""The tables of rules: what is watched and what was decided. A legacy table that is there is completed, not replaced."""

import datetime
import uuid

import django.contrib.postgres.fields
import django.contrib.postgres.functions
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
import django.utils.timezone
import simple_history.models
from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.db import migrations, models
from django.db.models.lookups import IsNull

import rules.registries
import smartagent.adoption
import smartagent.adoption.operations
import smartagent.fields
from rules.migrations import _append_only, _guards, _in_step, _severity
from rules.models.activity_facts import ACTOR, ENTRY_WORDS, LABELS, METRIC, SEVERITY, SUBJECT, TARGET
from rules.models.entry_counts import COUNT_CHANGES, LOCK_COUNTS, RECOUNT
from rules.models.rollups import NOTE_LATE
from smartagent.adoption.partitions.operation import PartitionByMonth
from smartagent.adoption.sync.backfill import Backfill
from smartagent.adoption.sync.counts import KeepCounts
from smartagent.adoption.sync.row_import import Feed
from smartagent.adoption.sync.triggers import KeepInStep, MakeHelper
from smartagent.adoption.sync.written_rows import NoteWritten


class Migration(migrations.Migration):
    initial = True
    # Each operation makes its own transactions: others go on writing, and a run that was ended is finished by another.
    atomic = False

    dependencies = [
        ("smartagent", "0002_people_of_the_old_application"),
    ]

    operations = [
        smartagent.adoption.operations.CreateOrCompleteModel(
            name="Integration",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=django.contrib.postgres.functions.RandomUUID(),
                        default=uuid.uuid4,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="integrations",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="owner",
                    ),
                ),
                (
                    "integration_type",
                    models.TextField(
                        help_text="For example slack, outlook, gmail, trello or sendgrid.", verbose_name="type"
                    ),
                ),
                (
                    "status",
                    models.TextField(
                        choices=[
                            ("active", "Active"),
                            ("inactive", "Inactive"),
                            ("error", "Error"),
                            ("syncing", "Syncing"),
                        ],
                        db_default="inactive",
                        default="inactive",
                    ),
                ),
                (
                    "config",
                    models.JSONField(blank=True, db_default={}, default=dict, null=True, verbose_name="settings"),
                ),
                ("credentials_encrypted", models.TextField(editable=False, null=True)),
                ("last_sync_at", models.DateTimeField(blank=True, null=True, verbose_name="last sync")),
                ("error_message", models.TextField(blank=True, null=True, verbose_name="error")),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        default=django.utils.timezone.now,
                        editable=False,
                        verbose_name="created",
                    ),
                ),
                (
                    "updated_at",
                    models.DateTimeField(
                        auto_now=True, db_default=django.db.models.functions.datetime.Now(), verbose_name="updated"
                    ),
                ),
            ],
            options={
                "db_table": "integrations",
                "ordering": ["integration_type", "id"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("user", "integration_type"),
                        name="integrations_one_of_a_type",
                        violation_error_message="This person already has an integration of this type.",
                    )
                ],
            },
            widen={
                "integration_type": smartagent.adoption.OPEN_VOCABULARY,
                "status": ["active", "inactive", "error", "syncing"],
            },
        ),
        smartagent.adoption.operations.CreateOrCompleteModel(
            name="FusionScore",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=django.contrib.postgres.functions.RandomUUID(),
                        default=uuid.uuid4,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "integration",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="rules.integration",
                    ),
                ),
                (
                    "fusion_score",
                    smartagent.fields.NumericField(
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(100),
                        ],
                    ),
                ),
                ("score_breakdown", models.JSONField(blank=True, db_default={}, default=dict, null=True)),
                (
                    "calculated_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        default=django.utils.timezone.now,
                        null=True,
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        default=django.utils.timezone.now,
                        editable=False,
                        null=True,
                    ),
                ),
                (
                    "updated_at",
                    models.DateTimeField(
                        auto_now=True, db_default=django.db.models.functions.datetime.Now(), null=True
                    ),
                ),
            ],
            options={
                "db_table": "fusion_scores",
                "indexes": [models.Index(fields=["user", "-calculated_at"], name="fusion_scores_newest")],
            },
        ),
        smartagent.adoption.operations.CreateOrCompleteModel(
            name="AuditEvent",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=django.contrib.postgres.functions.RandomUUID(),
                        default=uuid.uuid4,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("event_type", models.TextField(verbose_name="event")),
                (
                    "severity",
                    models.TextField(
                        choices=[
                            ("info", "Info"),
                            ("warning", "Warning"),
                            ("error", "Error"),
                            ("critical", "Critical"),
                        ],
                        default="info",
                        null=True,
                    ),
                ),
                ("severity_derived", models.BooleanField(db_default=False, default=False, editable=False)),
                ("message", models.TextField(blank=True, db_default="", default="")),
                ("metadata", models.JSONField(blank=True, db_default={}, default=dict)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now
                    ),
                ),
            ],
            options={
                "db_table": "fusion_audit_log",
                "indexes": [
                    models.Index(
                        condition=models.Q(("severity__in", ["error", "critical"])),
                        fields=["created_at", "user"],
                        name="fusion_audit_log_anomalies",
                    )
                ],
            },
            widen={
                "event_type": smartagent.adoption.OPEN_VOCABULARY,
            },
        ),
        smartagent.adoption.operations.CreateOrCompleteModel(
            name="MetricSeries",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("metric", models.TextField()),
                ("target", models.TextField(blank=True, db_default="", default="")),
                ("labels", models.JSONField(blank=True, db_default={}, default=dict)),
                (
                    "stale_at",
                    models.DateTimeField(
                        help_text="When its source ended it; empty once a sample is newer.", null=True
                    ),
                ),
            ],
            options={
                "verbose_name": "series",
                "verbose_name_plural": "series",
                "db_table": "metric_series",
                "indexes": [models.Index(fields=["metric", "target"], name="metric_series_of_metric")],
                "constraints": [
                    models.UniqueConstraint(fields=("user", "metric", "target"), name="metric_series_of_person"),
                    models.UniqueConstraint(
                        condition=models.Q(("user", None)),
                        fields=("metric", "target"),
                        name="metric_series_of_platform",
                    ),
                ],
            },
        ),
        smartagent.adoption.operations.CreateOrCompleteModel(
            name="MetricSample",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "series", "observed_at", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "series",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="samples",
                        to="rules.metricseries",
                    ),
                ),
                ("observed_at", models.DateTimeField()),
                ("value", models.FloatField()),
            ],
            options={"db_table": "metric_samples"},
        ),
        PartitionByMonth("metric_samples", "observed_at"),
        smartagent.adoption.operations.CreateOrCompleteModel(
            name="FiveMinuteRollup",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "series", "ended_at", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "series",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="rules.metricseries",
                    ),
                ),
                ("ended_at", models.DateTimeField()),
                ("min", models.FloatField()),
                ("max", models.FloatField()),
                ("sum", models.FloatField()),
                ("count", models.BigIntegerField()),
                ("last", models.FloatField()),
            ],
            options={"db_table": "metric_rollups_5m", "abstract": False},
        ),
        PartitionByMonth("metric_rollups_5m", "ended_at"),
        smartagent.adoption.operations.CreateOrCompleteModel(
            name="HourlyRollup",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "series", "ended_at", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "series",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="rules.metricseries",
                    ),
                ),
                ("ended_at", models.DateTimeField()),
                ("min", models.FloatField()),
                ("max", models.FloatField()),
                ("sum", models.FloatField()),
                ("count", models.BigIntegerField()),
                ("last", models.FloatField()),
            ],
            options={"db_table": "metric_rollups_1h", "abstract": False},
        ),
        smartagent.adoption.operations.CreateOrCompleteModel(
            name="DailyRollup",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "series", "ended_at", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "series",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="rules.metricseries",
                    ),
                ),
                ("ended_at", models.DateTimeField()),
                ("min", models.FloatField()),
                ("max", models.FloatField()),
                ("sum", models.FloatField()),
                ("count", models.BigIntegerField()),
                ("last", models.FloatField()),
            ],
            options={"db_table": "metric_rollups_1d", "abstract": False},
        ),
        smartagent.adoption.operations.CreateOrCompleteModel(
            name="LateHour",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "series", "ended_at", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("series", models.BigIntegerField()),
                ("ended_at", models.DateTimeField()),
            ],
            options={"db_table": "metric_rollup_late"},
        ),
        smartagent.adoption.operations.CreateOrCompleteModel(
            name="RollupProgress",
            fields=[
                ("id", models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("rolled_until", models.DateTimeField()),
                ("noted_until", models.DateTimeField()),
            ],
            options={"db_table": "metric_rollup_progress"},
        ),
        NoteWritten("metric_samples", "late_samples", NOTE_LATE),
        smartagent.adoption.operations.CreateOrCompleteModel(
            name="AutomationRule",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=django.contrib.postgres.functions.RandomUUID(),
                        default=uuid.uuid4,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="rules",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="owner",
                    ),
                ),
                ("rule_name", models.TextField(verbose_name="name")),
                ("description", models.TextField(blank=True, null=True)),
                (
                    "metric_type",
                    models.TextField(
                        verbose_name="metric",
                    ),
                ),
                (
                    "condition_operator",
                    models.TextField(
                        choices=[
                            ("<", "<  below"),
                            ("<=", "≤  at most"),
                            (">", ">  above"),
                            (">=", "≥  at least"),
                            ("=", "=  equal to"),
                            ("!=", "≠  other than"),
                        ],
                        verbose_name="operator",
                    ),
                ),
                ("threshold_value", smartagent.fields.NumericField(verbose_name="threshold")),
                ("action_type", models.TextField(choices=rules.registries.action_choices, verbose_name="action")),
                (
                    "action_config",
                    models.JSONField(blank=True, db_default={}, default=dict, null=True, verbose_name="action options"),
                ),
                (
                    "target_integration",
                    models.TextField(
                        blank=True,
                        null=True,
                        verbose_name="integration",
                    ),
                ),
                (
                    "status",
                    models.TextField(
                        choices=[
                            ("active", "Active"),
                            ("paused", "Paused"),
                            ("disabled", "Disabled"),
                            ("draft", "Draft"),
                        ],
                        db_default="active",
                        default="active",
                    ),
                ),
                (
                    "last_triggered_at",
                    models.DateTimeField(blank=True, editable=False, null=True, verbose_name="last triggered"),
                ),
                (
                    "trigger_count",
                    models.IntegerField(db_default=0, default=0, editable=False, verbose_name="triggered"),
                ),
                (
                    "severity",
                    models.TextField(
                        choices=[("low", "Low"), ("medium", "Medium"), ("high", "High"), ("critical", "Critical")],
                        db_default="medium",
                        default="medium",
                    ),
                ),
                (
                    "applies_to",
                    models.TextField(
                        choices=[("owner", "its owner"), ("everyone", "everyone")],
                        db_default="owner",
                        default="owner",
                        verbose_name="watches",
                    ),
                ),
                (
                    "pending_for",
                    models.DurationField(
                        db_default=datetime.timedelta(0), default=datetime.timedelta(0), verbose_name="pending period"
                    ),
                ),
                (
                    "keep_firing_for",
                    models.DurationField(
                        db_default=datetime.timedelta(0), default=datetime.timedelta(0), verbose_name="keep firing for"
                    ),
                ),
                (
                    "recovery_threshold",
                    smartagent.fields.NumericField(blank=True, null=True, verbose_name="recovery threshold"),
                ),
                (
                    "no_data_policy",
                    models.TextField(
                        choices=[("keep", "keep the last state"), ("fire", "fire"), ("resolve", "resolve")],
                        db_default="keep",
                        default="keep",
                        verbose_name="on no data",
                    ),
                ),
                (
                    "error_policy",
                    models.TextField(
                        choices=[("keep", "keep the last state"), ("fire", "fire"), ("resolve", "resolve")],
                        db_default="keep",
                        default="keep",
                        verbose_name="on error",
                    ),
                ),
                (
                    "repeat_every",
                    models.DurationField(
                        db_default=datetime.timedelta(seconds=14400),
                        default=datetime.timedelta(seconds=14400),
                        verbose_name="repeat every",
                    ),
                ),
                (
                    "reducer",
                    models.TextField(
                        choices=[
                            ("last", "latest reading"),
                            ("avg", "average"),
                            ("min", "minimum"),
                            ("max", "maximum"),
                            ("sum", "sum"),
                            ("count", "number of readings"),
                            ("change", "change"),
                            ("percent_change", "change in percent"),
                            ("rate", "rate per second of a counter"),
                            ("increase", "increase of a counter"),
                            ("deriv", "slope per second"),
                            ("predict_linear", "predicted value"),
                            ("quantile", "quantile"),
                            ("stddev", "standard deviation"),
                            ("absent", "absence of readings"),
                            ("unusual", "distance from the usual"),
                        ],
                        db_default="last",
                        default="last",
                        verbose_name="aggregation",
                    ),
                ),
                (
                    "evaluation_window",
                    models.DurationField(
                        db_default=datetime.timedelta(0),
                        default=datetime.timedelta(0),
                        verbose_name="window",
                    ),
                ),
                (
                    "reducer_parameter",
                    smartagent.fields.NumericField(blank=True, null=True, verbose_name="parameter"),
                ),
                (
                    "series_mode",
                    models.TextField(
                        choices=[
                            ("one", "one per person"),
                            ("each", "one per series"),
                            ("by", "one per combination of labels"),
                        ],
                        db_default="one",
                        default="one",
                        verbose_name="instances",
                    ),
                ),
                ("matchers", models.JSONField(blank=True, db_default=[], default=list)),
                ("group_by", models.JSONField(blank=True, db_default=[], default=list, verbose_name="group by")),
                (
                    "series_aggregate",
                    models.TextField(
                        choices=[
                            ("sum", "sum"),
                            ("avg", "average"),
                            ("min", "minimum"),
                            ("max", "maximum"),
                            ("count", "number of series"),
                        ],
                        db_default="sum",
                        default="sum",
                        verbose_name="aggregation across series",
                    ),
                ),
                (
                    "critical_threshold",
                    smartagent.fields.NumericField(blank=True, null=True, verbose_name="critical threshold"),
                ),
                (
                    "match",
                    models.TextField(
                        choices=[("all", "all conditions are met"), ("any", "any condition is met")],
                        db_default="all",
                        default="all",
                        verbose_name="fires when",
                    ),
                ),
                (
                    "more_conditions",
                    models.JSONField(blank=True, db_default=[], default=list, verbose_name="further conditions"),
                ),
                ("labels", models.JSONField(blank=True, db_default={}, default=dict)),
                (
                    "runbook_url",
                    models.TextField(
                        blank=True,
                        null=True,
                        validators=[django.core.validators.URLValidator(["http", "https"])],
                        verbose_name="runbook",
                    ),
                ),
                (
                    "uid",
                    models.TextField(
                        blank=True, editable=False, help_text="Permanent identifier in rules files.", null=True
                    ),
                ),
                (
                    "provisioned_by",
                    models.TextField(
                        blank=True,
                        db_default="",
                        default="",
                        editable=False,
                        help_text="File that manages this rule. Only the file can change it.",
                    ),
                ),
                (
                    "written_by",
                    models.TextField(
                        blank=True,
                        db_default="",
                        default="",
                        editable=False,
                        help_text="Author, neither owner nor operator, of a rule of another application. Not evaluated.",
                    ),
                ),
                ("deleted_at", models.DateTimeField(blank=True, editable=False, null=True, verbose_name="deleted")),
                (
                    "deleted_by",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        default=django.utils.timezone.now,
                        editable=False,
                        verbose_name="created",
                    ),
                ),
                (
                    "updated_at",
                    models.DateTimeField(
                        auto_now=True, db_default=django.db.models.functions.datetime.Now(), verbose_name="updated"
                    ),
                ),
            ],
            options={
                "verbose_name": "rule",
                "db_table": "automation_rules",
                "ordering": ["rule_name", "id"],
                "indexes": [
                    models.Index(fields=["user", "rule_name"], name="automation_rules_owner"),
                    models.Index(fields=["rule_name", "id"], name="automation_rules_by_name"),
                    models.Index(
                        condition=models.Q(("status__in", ["active", "draft"])),
                        fields=["metric_type"],
                        name="automation_rules_evaluated",
                    ),
                    models.Index(
                        condition=models.Q(("more_conditions", []), ("reducer", "last"), _negated=True),
                        fields=["id"],
                        name="automation_rules_composed",
                    ),
                    models.Index(
                        condition=models.Q(("series_mode", "one"), _negated=True),
                        fields=["id"],
                        name="automation_rules_of_series",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("uid",), name="automation_rules_uid"),
                    models.CheckConstraint(
                        condition=models.Q(("condition_operator__in", ["<", "<=", ">", ">=", "=", "!="])),
                        name="automation_rules_operator",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["active", "paused", "disabled", "draft"])),
                        name="automation_rules_status_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("applies_to__in", ["owner", "everyone"])),
                        name="automation_rules_applies_to",
                    ),
                ],
            },
            widen={
                "action_type": smartagent.adoption.OPEN_VOCABULARY,
                "metric_type": smartagent.adoption.OPEN_VOCABULARY,
                "condition_operator": ["<", "<=", ">", ">=", "=", "!="],
                "status": ["active", "paused", "disabled", "draft"],
            },
        ),
        smartagent.adoption.operations.CreateOrCompleteModel(
            name="HistoricalAutomationRule",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=django.contrib.postgres.functions.RandomUUID(),
                        db_index=True,
                        default=uuid.uuid4,
                        editable=False,
                    ),
                ),
                ("rule_name", models.TextField(verbose_name="name")),
                ("description", models.TextField(blank=True, null=True)),
                (
                    "metric_type",
                    models.TextField(
                        verbose_name="metric",
                    ),
                ),
                (
                    "condition_operator",
                    models.TextField(
                        choices=[
                            ("<", "<  below"),
                            ("<=", "≤  at most"),
                            (">", ">  above"),
                            (">=", "≥  at least"),
                            ("=", "=  equal to"),
                            ("!=", "≠  other than"),
                        ],
                        verbose_name="operator",
                    ),
                ),
                ("threshold_value", smartagent.fields.NumericField(verbose_name="threshold")),
                ("action_type", models.TextField(choices=rules.registries.action_choices, verbose_name="action")),
                (
                    "action_config",
                    models.JSONField(blank=True, db_default={}, default=dict, null=True, verbose_name="action options"),
                ),
                (
                    "target_integration",
                    models.TextField(
                        blank=True,
                        null=True,
                        verbose_name="integration",
                    ),
                ),
                (
                    "status",
                    models.TextField(
                        choices=[
                            ("active", "Active"),
                            ("paused", "Paused"),
                            ("disabled", "Disabled"),
                            ("draft", "Draft"),
                        ],
                        db_default="active",
                        default="active",
                    ),
                ),
                (
                    "severity",
                    models.TextField(
                        choices=[("low", "Low"), ("medium", "Medium"), ("high", "High"), ("critical", "Critical")],
                        db_default="medium",
                        default="medium",
                    ),
                ),
                (
                    "applies_to",
                    models.TextField(
                        choices=[("owner", "its owner"), ("everyone", "everyone")],
                        db_default="owner",
                        default="owner",
                        verbose_name="watches",
                    ),
                ),
                (
                    "pending_for",
                    models.DurationField(
                        db_default=datetime.timedelta(0), default=datetime.timedelta(0), verbose_name="pending period"
                    ),
                ),
                (
                    "keep_firing_for",
                    models.DurationField(
                        db_default=datetime.timedelta(0), default=datetime.timedelta(0), verbose_name="keep firing for"
                    ),
                ),
                (
                    "recovery_threshold",
                    smartagent.fields.NumericField(blank=True, null=True, verbose_name="recovery threshold"),
                ),
                (
                    "no_data_policy",
                    models.TextField(
                        choices=[("keep", "keep the last state"), ("fire", "fire"), ("resolve", "resolve")],
                        db_default="keep",
                        default="keep",
                        verbose_name="on no data",
                    ),
                ),
                (
                    "error_policy",
                    models.TextField(
                        choices=[("keep", "keep the last state"), ("fire", "fire"), ("resolve", "resolve")],
                        db_default="keep",
                        default="keep",
                        verbose_name="on error",
                    ),
                ),
                (
                    "repeat_every",
                    models.DurationField(
                        db_default=datetime.timedelta(seconds=14400),
                        default=datetime.timedelta(seconds=14400),
                        verbose_name="repeat every",
                    ),
                ),
                (
                    "reducer",
                    models.TextField(
                        choices=[
                            ("last", "latest reading"),
                            ("avg", "average"),
                            ("min", "minimum"),
                            ("max", "maximum"),
                            ("sum", "sum"),
                            ("count", "number of readings"),
                            ("change", "change"),
                            ("percent_change", "change in percent"),
                            ("rate", "rate per second of a counter"),
                            ("increase", "increase of a counter"),
                            ("deriv", "slope per second"),
                            ("predict_linear", "predicted value"),
                            ("quantile", "quantile"),
                            ("stddev", "standard deviation"),
                            ("absent", "absence of readings"),
                            ("unusual", "distance from the usual"),
                        ],
                        db_default="last",
                        default="last",
                        verbose_name="aggregation",
                    ),
                ),
                (
                    "evaluation_window",
                    models.DurationField(
                        db_default=datetime.timedelta(0),
                        default=datetime.timedelta(0),
                        verbose_name="window",
                    ),
                ),
                (
                    "reducer_parameter",
                    smartagent.fields.NumericField(blank=True, null=True, verbose_name="parameter"),
                ),
                (
                    "series_mode",
                    models.TextField(
                        choices=[
                            ("one", "one per person"),
                            ("each", "one per series"),
                            ("by", "one per combination of labels"),
                        ],
                        db_default="one",
                        default="one",
                        verbose_name="instances",
                    ),
                ),
                ("matchers", models.JSONField(blank=True, db_default=[], default=list)),
                ("group_by", models.JSONField(blank=True, db_default=[], default=list, verbose_name="group by")),
                (
                    "series_aggregate",
                    models.TextField(
                        choices=[
                            ("sum", "sum"),
                            ("avg", "average"),
                            ("min", "minimum"),
                            ("max", "maximum"),
                            ("count", "number of series"),
                        ],
                        db_default="sum",
                        default="sum",
                        verbose_name="aggregation across series",
                    ),
                ),
                (
                    "critical_threshold",
                    smartagent.fields.NumericField(blank=True, null=True, verbose_name="critical threshold"),
                ),
                (
                    "match",
                    models.TextField(
                        choices=[("all", "all conditions are met"), ("any", "any condition is met")],
                        db_default="all",
                        default="all",
                        verbose_name="fires when",
                    ),
                ),
                (
                    "more_conditions",
                    models.JSONField(blank=True, db_default=[], default=list, verbose_name="further conditions"),
                ),
                ("labels", models.JSONField(blank=True, db_default={}, default=dict)),
                (
                    "runbook_url",
                    models.TextField(
                        blank=True,
                        null=True,
                        validators=[django.core.validators.URLValidator(["http", "https"])],
                        verbose_name="runbook",
                    ),
                ),
                (
                    "uid",
                    models.TextField(
                        blank=True, editable=False, help_text="Permanent identifier in rules files.", null=True
                    ),
                ),
                (
                    "provisioned_by",
                    models.TextField(
                        blank=True,
                        db_default="",
                        default="",
                        editable=False,
                        help_text="File that manages this rule. Only the file can change it.",
                    ),
                ),
                ("deleted_at", models.DateTimeField(blank=True, editable=False, null=True, verbose_name="deleted")),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        default=django.utils.timezone.now,
                        editable=False,
                        verbose_name="created",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="owner",
                    ),
                ),
                (
                    "deleted_by",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("history_id", models.AutoField(primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField(db_index=True)),
                ("history_change_reason", models.CharField(max_length=100, null=True)),
                (
                    "history_type",
                    models.CharField(choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1),
                ),
                (
                    "history_user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "historical rule",
                "verbose_name_plural": "historical rules",
                "db_table": "automation_rules_history",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        smartagent.adoption.operations.CreateOrCompleteModel(
            name="Silence",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=django.contrib.postgres.functions.RandomUUID(),
                        default=uuid.uuid4,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        help_text="Owner whose rules are silenced. Empty: all owners.",
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="rules of",
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="created by",
                    ),
                ),
                ("comment", models.TextField(help_text="Reason, shown to everyone who sees the silence.")),
                (
                    "rule",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="silences",
                        to="rules.automationrule",
                    ),
                ),
                ("metric", models.TextField(blank=True, db_default="", default="")),
                (
                    "person",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        help_text="Person whose readings are silenced.",
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("labels", models.JSONField(blank=True, db_default={}, default=dict)),
                ("starts_at", models.DateTimeField(verbose_name="from")),
                (
                    "ends_at",
                    models.DateTimeField(
                        help_text="For a recurring silence: no window starts after this time.", verbose_name="until"
                    ),
                ),
                (
                    "recurrence",
                    models.TextField(
                        blank=True,
                        db_default="",
                        default="",
                        help_text="iCalendar RRULE (RFC 5545). Empty: once.",
                    ),
                ),
                (
                    "duration",
                    models.DurationField(
                        blank=True, help_text="Duration of each window of a recurring silence.", null=True
                    ),
                ),
                (
                    "time_zone",
                    models.TextField(
                        db_default="UTC", default="UTC", help_text="Time zone in which a recurring silence repeats."
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        default=django.utils.timezone.now,
                        editable=False,
                        verbose_name="made",
                    ),
                ),
                ("cancelled_at", models.DateTimeField(editable=False, null=True, verbose_name="ended early")),
                (
                    "cancelled_by",
                    models.ForeignKey(
                        db_index=False,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "reported_at",
                    models.DateTimeField(
                        editable=False, help_text="Ended windows are reported up to this time.", null=True
                    ),
                ),
            ],
            options={
                "db_table": "silences",
                "ordering": ["-starts_at", "-id"],
                "indexes": [models.Index(fields=["ends_at"], name="silences_end")],
            },
        ),
        smartagent.adoption.operations.CreateOrCompleteModel(
            name="DispatchRun",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=django.contrib.postgres.functions.RandomUUID(),
                        default=uuid.uuid4,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "trigger",
                    models.TextField(
                        choices=[("schedule", "Schedule"), ("page", "button"), ("api", "API"), ("command", "Command")]
                    ),
                ),
                (
                    "requested_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "outcome",
                    models.TextField(
                        choices=[
                            ("running", "Running"),
                            ("completed", "Completed"),
                            ("overlapped", "skipped: another run in progress"),
                            ("failed", "Failed"),
                        ],
                        default="running",
                    ),
                ),
                ("evaluated_at", models.DateTimeField(help_text="Time for which rules were evaluated.")),
                ("started_at", models.DateTimeField(help_text="Wall-clock time.")),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "late_by",
                    models.DurationField(help_text="Delay of a scheduled evaluation.", null=True, verbose_name="delay"),
                ),
                ("rules_evaluated", models.IntegerField(default=0, verbose_name="rules")),
                ("instances", models.IntegerField(default=0)),
                ("triggered", models.IntegerField(default=0)),
                ("succeeded", models.IntegerField(default=0)),
                ("failed", models.IntegerField(default=0)),
                ("no_data", models.IntegerField(default=0, verbose_name="on no data")),
                ("errors", models.IntegerField(default=0)),
                ("stage_ms", models.JSONField(default=dict, verbose_name="milliseconds per stage")),
                ("error_message", models.TextField(null=True)),
                (
                    "plan",
                    models.TextField(
                        db_default="",
                        default="",
                        help_text="Plan of the statement that finds candidates, where it was slow.",
                    ),
                ),
            ],
            options={
                "verbose_name": "run",
                "db_table": "dispatch_runs",
                "ordering": ["-started_at", "-id"],
                "indexes": [models.Index(fields=["-started_at", "-id"], name="dispatch_runs_newest")],
            },
        ),
        smartagent.adoption.operations.CreateOrCompleteModel(
            name="RuleState",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=django.contrib.postgres.functions.RandomUUID(),
                        default=uuid.uuid4,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "rule",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="states",
                        to="rules.automationrule",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="rule_states",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
                ("target", models.TextField(blank=True, db_default="", default="")),
                (
                    "labels",
                    models.JSONField(blank=True, db_default={}, default=dict, help_text="Labels of the series."),
                ),
                (
                    "missed",
                    models.SmallIntegerField(
                        db_default=0,
                        default=0,
                        help_text="Consecutive evaluations in which its series had no reading.",
                    ),
                ),
                (
                    "condition",
                    models.TextField(
                        choices=[
                            ("ok", "ok"),
                            ("pending", "pending"),
                            ("firing", "firing"),
                            ("recovering", "recovering"),
                            ("no_data", "no data"),
                            ("error", "error"),
                        ],
                        db_default="ok",
                        default="ok",
                    ),
                ),
                ("reason", models.TextField(db_default="", default="")),
                ("since", models.DateTimeField()),
                ("value", models.FloatField(null=True)),
                ("episode", models.IntegerField(db_default=0, default=0)),
                (
                    "handling",
                    models.TextField(
                        choices=[("open", "Open"), ("acknowledged", "Acknowledged"), ("snoozed", "Snoozed")],
                        db_default="open",
                        default="open",
                    ),
                ),
                ("last_notified_at", models.DateTimeField(null=True, verbose_name="last action")),
                (
                    "failures",
                    models.IntegerField(
                        db_default=0, default=0, help_text="Consecutive failed attempts to run the action."
                    ),
                ),
                (
                    "retry_at",
                    models.DateTimeField(help_text="Time of the next attempt after a failed one.", null=True),
                ),
                (
                    "critical",
                    models.BooleanField(
                        db_default=False,
                        default=False,
                        help_text="Whether the critical threshold was passed in this episode.",
                    ),
                ),
                (
                    "fired_at",
                    models.DateTimeField(
                        help_text="Start of firing in this episode.", null=True, verbose_name="firing since"
                    ),
                ),
                (
                    "changes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.DateTimeField(),
                        default=list,
                        help_text="Times of the latest changes into and out of firing.",
                        size=None,
                    ),
                ),
                ("flapping", models.BooleanField(db_default=False, default=False)),
                (
                    "handled_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("handled_until", models.DateTimeField(help_text="End of the acknowledgement or snooze.", null=True)),
                (
                    "assignee",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "silence",
                    models.ForeignKey(
                        db_index=False,
                        help_text="Silence in effect.",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="rules.silence",
                    ),
                ),
            ],
            options={
                "verbose_name": "instance",
                "db_table": "rule_states",
                "ordering": ["-since", "-id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("condition__in", ["firing", "recovering"])),
                        fields=["-since", "-id"],
                        name="rule_states_firing",
                    ),
                    models.Index(fields=["user"], name="rule_states_person"),
                    models.Index(fields=["-since", "-id"], name="rule_states_newest"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("rule", "user", "target"), name="rule_states_instance"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("condition__in", ["ok", "pending", "firing", "recovering", "no_data", "error"])
                        ),
                        name="rule_states_condition",
                    ),
                ],
            },
        ),
        smartagent.adoption.operations.CreateOrCompleteModel(
            name="ActivityEntry",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=django.contrib.postgres.functions.RandomUUID(),
                        default=uuid.uuid4,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="owner",
                    ),
                ),
                (
                    "rule",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="entries",
                        to="rules.automationrule",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="entries",
                        to="rules.dispatchrun",
                    ),
                ),
                (
                    "state",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="rules.rulestate",
                    ),
                ),
                ("agent_name", models.TextField(default="smart_agent")),
                ("event_type", models.TextField(verbose_name="event")),
                ("action_taken", models.TextField(verbose_name="action")),
                ("context", models.JSONField(db_default={}, default=dict)),
                (
                    "status",
                    models.TextField(
                        choices=[
                            ("pending", "Pending"),
                            ("success", "Success"),
                            ("failed", "Failed"),
                            ("skipped", "Skipped"),
                        ],
                        db_default="success",
                        default="success",
                    ),
                ),
                ("error_message", models.TextField(null=True, verbose_name="error")),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name="when"),
                ),
                ("executed_at", models.DateTimeField(null=True)),
            ],
            options={
                "verbose_name": "activity entry",
                "verbose_name_plural": "activity",
                "db_table": "agent_activity_log",
                "ordering": ["-created_at", "-id"],
                "indexes": [
                    models.Index(fields=["-created_at", "-id"], name="agent_activity_log_newest"),
                    models.Index(
                        fields=["user", "-created_at"],
                        include=["event_type", "rule"],
                        name="agent_activity_log_owner",
                    ),
                    models.Index(SUBJECT, models.F("created_at").desc(), name="agent_activity_log_person"),
                    models.Index(fields=["rule", "-created_at"], name="agent_activity_log_rule"),
                    models.Index(fields=["run"], name="agent_activity_log_run"),
                    models.Index(
                        condition=models.Q(("state__isnull", False)),
                        fields=["state", "-created_at"],
                        name="agent_activity_log_state",
                    ),
                    models.Index(
                        condition=models.Q(("run__isnull", False), ("status", "pending")),
                        fields=["created_at", "id"],
                        name="agent_activity_log_pending",
                    ),
                    models.Index(
                        fields=["status", "-created_at"],
                        name="agent_activity_log_result",
                        condition=~models.Q(status="success"),
                    ),
                    models.Index(fields=["event_type", "-created_at"], name="agent_activity_log_event"),
                    models.Index(SEVERITY, models.F("created_at").desc(), name="agent_activity_log_severity"),
                    models.Index(METRIC, models.F("created_at").desc(), name="agent_activity_log_metric"),
                    models.Index(
                        TARGET,
                        models.F("created_at").desc(),
                        name="agent_activity_log_target",
                        condition=models.Q(IsNull(TARGET, False)),
                    ),
                    models.Index(
                        ACTOR,
                        models.F("created_at").desc(),
                        name="agent_activity_log_actor",
                        condition=models.Q(IsNull(ACTOR, False)),
                    ),
                    models.Index(
                        fields=["-created_at"],
                        name="agent_activity_log_others",
                        condition=models.Q(run=None, executed_at=None),
                    ),
                    GinIndex(ENTRY_WORDS, name="agent_activity_log_words"),
                    GinIndex(
                        LABELS,
                        name="agent_activity_log_labels",
                        condition=models.Q(context__has_key="labels"),
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["pending", "success", "failed", "skipped"])),
                        name="agent_activity_log_status_known",
                    )
                ],
            },
            widen={
                "status": ["pending", "success", "failed", "skipped"],
            },
        ),
        smartagent.adoption.operations.CreateOrCompleteModel(
            name="SavedView",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=django.contrib.postgres.functions.RandomUUID(),
                        default=uuid.uuid4,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("name", models.CharField(max_length=80)),
                ("query", models.CharField(blank=True, max_length=2000)),
                ("shared", models.BooleanField(db_default=False, default=False)),
                ("is_default", models.BooleanField(db_default=False, default=False)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "activity_saved_views",
                "constraints": [
                    models.UniqueConstraint(fields=["user", "name"], name="activity_saved_views_name"),
                    models.UniqueConstraint(
                        condition=models.Q(("is_default", True)), fields=["user"], name="activity_saved_views_default"
                    ),
                ],
            },
        ),
        smartagent.adoption.operations.CreateOrCompleteModel(
            name="DataSource",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=django.contrib.postgres.functions.RandomUUID(),
                        default=uuid.uuid4,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "name",
                    models.CharField(
                        error_messages={"unique": "A data source with this name already exists."},
                        help_text="Metric queries and rules files name the source by it.",
                        max_length=100,
                        unique=True,
                    ),
                ),
                (
                    "address",
                    models.CharField(
                        help_text="Where /api/v1/query is, for example https://prometheus.example.com or https://mimir.example.com/prometheus.",
                        max_length=500,
                    ),
                ),
                (
                    "verify_tls",
                    models.BooleanField(
                        db_default=True,
                        default=True,
                        help_text="Off: a certificate that is self-signed or expired is accepted.",
                        verbose_name="verify the TLS certificate",
                    ),
                ),
                (
                    "ca_certificate",
                    models.TextField(
                        blank=True,
                        db_default="",
                        default="",
                        help_text="One or more certificates in PEM. Only what they have signed is then accepted. Empty: the usual authorities.",
                        verbose_name="CA certificate",
                    ),
                ),
                (
                    "authentication",
                    models.CharField(
                        choices=[
                            ("none", "None"),
                            ("basic", "Basic (user name and password)"),
                            ("bearer", "Bearer token"),
                        ],
                        db_default="none",
                        default="none",
                        max_length=20,
                    ),
                ),
                (
                    "username",
                    models.CharField(blank=True, db_default="", default="", max_length=200, verbose_name="user name"),
                ),
                ("header_names", models.JSONField(blank=True, db_default=[], default=list, editable=False)),
                ("sealed", models.TextField(blank=True, db_default="", default="", editable=False)),
                (
                    "timeout",
                    models.PositiveSmallIntegerField(
                        db_default=10,
                        default=10,
                        help_text="Seconds for one query, 1 to 60.",
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(60),
                        ],
                    ),
                ),
                (
                    "person_label",
                    models.CharField(
                        blank=True,
                        db_default="",
                        default="",
                        help_text="Label that holds the e-mail address or ID of a person. Empty: all series are platform-wide.",
                        max_length=100,
                        verbose_name="label of the person",
                    ),
                ),
                ("enabled", models.BooleanField(db_default=True, default=True)),
                (
                    "provisioned_by",
                    models.TextField(
                        blank=True,
                        db_default="",
                        default="",
                        editable=False,
                        help_text="Rules file that manages this data source.",
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        default=django.utils.timezone.now,
                        editable=False,
                        verbose_name="created",
                    ),
                ),
                (
                    "updated_at",
                    models.DateTimeField(
                        auto_now=True, db_default=django.db.models.functions.datetime.Now(), verbose_name="updated"
                    ),
                ),
                ("last_success_at", models.DateTimeField(editable=False, null=True, verbose_name="last success")),
                ("last_error_at", models.DateTimeField(editable=False, null=True)),
                ("last_error", models.TextField(blank=True, db_default="", default="", editable=False)),
                ("recent", models.JSONField(blank=True, db_default=[], default=list, editable=False)),
                ("errors", models.JSONField(blank=True, db_default=[], default=list, editable=False)),
            ],
            options={
                "verbose_name": "data source",
                "db_table": "data_sources",
                "ordering": ["name"],
            },
        ),
        smartagent.adoption.operations.CreateOrCompleteModel(
            name="MetricQuery",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=django.contrib.postgres.functions.RandomUUID(),
                        default=uuid.uuid4,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "name",
                    models.CharField(
                        error_messages={"unique": "A metric query with this name already exists."},
                        help_text="Rules watch the query as the metric of this name.",
                        max_length=200,
                        unique=True,
                        verbose_name="metric",
                    ),
                ),
                ("expression", models.TextField(help_text="PromQL, for example rate(http_requests_total[5m]).")),
                (
                    "description",
                    models.CharField(blank=True, db_default="", default="", max_length=500),
                ),
                (
                    "unit",
                    models.CharField(
                        blank=True, db_default="", default="", help_text="For example % or ms.", max_length=40
                    ),
                ),
                (
                    "provisioned_by",
                    models.TextField(
                        blank=True,
                        db_default="",
                        default="",
                        editable=False,
                        help_text="Rules file that manages this query.",
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        default=django.utils.timezone.now,
                        editable=False,
                        verbose_name="created",
                    ),
                ),
                (
                    "updated_at",
                    models.DateTimeField(
                        auto_now=True, db_default=django.db.models.functions.datetime.Now(), verbose_name="updated"
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="queries",
                        to="rules.datasource",
                        verbose_name="data source",
                    ),
                ),
            ],
            options={
                "verbose_name": "metric query",
                "verbose_name_plural": "metric queries",
                "db_table": "metric_queries",
                "ordering": ["name"],
            },
        ),
        smartagent.adoption.operations.CreateOrCompleteModel(
            name="IngestQuota",
            fields=[
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("minute", models.DateTimeField()),
                ("samples", models.BigIntegerField()),
            ],
            options={"db_table": "ingest_quotas", "default_permissions": ()},
        ),
        smartagent.adoption.operations.CreateOrCompleteModel(
            name="MetricReceipt",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=django.contrib.postgres.functions.RandomUUID(),
                        default=uuid.uuid4,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("protocol", models.TextField()),
                ("requests", models.BigIntegerField(db_default=0, default=0)),
                ("samples", models.BigIntegerField(db_default=0, default=0)),
                ("not_kept", models.JSONField(blank=True, db_default={}, default=dict, help_text="Counts by reason.")),
                (
                    "example",
                    models.TextField(blank=True, db_default="", default="", help_text="Latest refusals, in words."),
                ),
                ("last_at", models.DateTimeField(help_text="Time of the latest request.")),
                (
                    "refused_at",
                    models.DateTimeField(
                        help_text="Time of the latest request of which something was refused.", null=True
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "sender",
                "db_table": "metric_receipts",
                "constraints": [
                    models.UniqueConstraint(fields=("user", "protocol"), name="metric_receipts_of_protocol")
                ],
            },
        ),
        smartagent.adoption.operations.CreateOrCompleteModel(
            name="Feedback",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=django.contrib.postgres.functions.RandomUUID(),
                        default=uuid.uuid4,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "rule",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="feedback", to="rules.automationrule"
                    ),
                ),
                (
                    "entry",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="feedback",
                        to="rules.activityentry",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("useful", models.BooleanField()),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now
                    ),
                ),
            ],
            options={
                "db_table": "rule_feedback",
                "constraints": [models.UniqueConstraint(fields=("entry", "user"), name="rule_feedback_once")],
            },
        ),
        smartagent.adoption.operations.CreateOrCompleteModel(
            name="EntryCount",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("slot", models.DateTimeField()),
                ("event_type", models.TextField()),
                ("status", models.TextField()),
                ("ours", models.BooleanField()),
                ("entries", models.BigIntegerField()),
            ],
            options={
                "db_table": "activity_entry_counts",
                "indexes": [models.Index(fields=["slot"], name="activity_entry_counts_slot")],
            },
        ),
        smartagent.adoption.operations.CreateOrCompleteModel(
            name="AuditBatch",
            fields=[
                ("number", models.BigIntegerField(primary_key=True, serialize=False)),
                ("entries", django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), size=None)),
                (
                    "times",
                    django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(null=True), size=None),
                ),
                ("digests", django.contrib.postgres.fields.ArrayField(base_field=models.BinaryField(), size=None)),
            ],
            options={"db_table": "audit_batches"},
        ),
        smartagent.adoption.operations.CreateOrCompleteModel(
            name="AuditLink",
            fields=[
                ("number", models.BigIntegerField(primary_key=True, serialize=False)),
                (
                    "kind",
                    models.TextField(
                        choices=[
                            ("seal", "entries"),
                            ("late", "entries dated long before they were seen"),
                            ("import", "entries that were there before the chain, or imported"),
                            ("erasure", "personal data erased"),
                            ("retention", "entries deleted by retention"),
                            ("acceptance", "late entries accepted"),
                        ]
                    ),
                ),
                ("sealed_at", models.DateTimeField(verbose_name="sealed")),
                ("facts", models.JSONField(default=dict)),
                ("key_id", models.TextField(verbose_name="key")),
                ("signature", models.TextField()),
            ],
            options={"db_table": "audit_links", "ordering": ["-number"]},
        ),
        smartagent.adoption.operations.CreateOrCompleteModel(
            name="UnsealedEntries",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("entries", django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), size=None)),
                ("written_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={"db_table": "audit_unsealed"},
        ),
        KeepInStep("fusion_audit_log", "audit_severity", "BEFORE INSERT OR UPDATE", _in_step.FOLLOW_AUDIT),
        Backfill(
            "fusion_audit_log",
            "audit_severity",
            _in_step.AUDIT_FILLS,
            empties=_in_step.AUDIT_EMPTIES,
            what="severity and message of old rows",
        ),
        MakeHelper(
            "integration_type",
            (("integration", "uuid"),),
            "text",
            _in_step.INTEGRATION_TYPE,
            given="fusion_score_history",
        ),
        MakeHelper(
            "series",
            (("person", "uuid"), ("of_metric", "text"), ("of_target", "text")),
            "bigint",
            _in_step.SERIES,
            given="fusion_score_history",
        ),
        KeepInStep("automation_rules", "rule_severity", "BEFORE INSERT OR UPDATE", _severity.FOLLOW_RULES),
        Backfill("automation_rules", "rule_severity", _severity.RULE_FILLS, what="severity of old rules"),
        KeepInStep("fusion_score_history", "score_history", "AFTER INSERT", _in_step.FOLLOW_HISTORY),
        Feed(
            "fusion_score_history",
            "score_history",
            _in_step.COPY_MEANS,
            needs=_in_step.HISTORY,
            what="means of old scores",
            at_once=True,
        ),
        Feed(
            "fusion_score_history",
            "score_history",
            _in_step.COPY_HISTORY,
            needs=_in_step.HISTORY,
            what="old scores",
        ),
        *_guards.GUARDS,
        KeepCounts(
            "agent_activity_log",
            "entry_counts",
            COUNT_CHANGES,
            [LOCK_COUNTS, RECOUNT],
            needs=("created_at", "event_type", "status", "run_id", "executed_at"),
            what="activity entries",
        ),
        *_append_only.OPERATIONS,
    ]
