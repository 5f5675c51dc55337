"""Optimization events and the action log. Legacy tables that are there are completed, not replaced."""

import uuid
from decimal import Decimal

import django.contrib.postgres.functions
import django.db.models.deletion
import django.db.models.functions.datetime
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import smartagent.adoption.operations
import smartagent.fields
from optimizer.migrations import _guards, _in_step
from smartagent.adoption.sync.backfill import Backfill
from smartagent.adoption.sync.triggers import KeepInStep


class Migration(migrations.Migration):
    initial = True
    # Each operation makes its own transactions: others go on writing, and a run that was ended is finished by another.
    atomic = False

    dependencies = [
        ("rules", "0001_initial"),
        ("smartagent", "__first__"),
    ]

    operations = [
        smartagent.adoption.operations.CreateOrCompleteModel(
            name="OptimizationEvent",
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
                ("source_event_type", models.TextField(verbose_name="source")),
                ("predicted_variance", smartagent.fields.NumericField(null=True)),
                ("predicted_stability", smartagent.fields.NumericField(null=True)),
                (
                    "optimization_action",
                    models.TextField(
                        choices=[
                            ("pre_tune", "pre-tune"),
                            ("stabilize", "Stabilize"),
                            ("recalibrate", "Recalibrate"),
                            ("auto", "Auto"),
                            ("manual", "Manual"),
                            ("scheduled", "Scheduled"),
                        ],
                        verbose_name="kind",
                    ),
                ),
                ("strategy", models.TextField(null=True)),
                (
                    "recommended_actions",
                    models.JSONField(db_default=[], default=list, null=True, verbose_name="recommended"),
                ),
                ("parameter_delta", models.JSONField(default=dict, null=True)),
                ("efficiency_index", smartagent.fields.NumericField(null=True)),
                ("applied", models.BooleanField(db_default=False, default=False, null=True)),
                (
                    "status",
                    models.TextField(
                        choices=[
                            ("proposed", "Proposed"),
                            ("approved", "Approved"),
                            ("applying", "Applying"),
                            ("applied", "Applied"),
                            ("dismissed", "Dismissed"),
                            ("failed", "Failed"),
                            ("rolled_back", "rolled back"),
                            ("expired", "Expired"),
                        ],
                        db_default="proposed",
                        default="proposed",
                    ),
                ),
                ("before", models.JSONField(null=True)),
                ("after", models.JSONField(null=True)),
                ("metric", models.TextField(blank=True, db_default="", default="")),
                ("target", models.TextField(blank=True, db_default="", default="")),
                ("operator", models.TextField(blank=True, db_default="", default="")),
                ("entry_id", models.UUIDField(help_text="Activity entry of the proposal.", null=True)),
                ("reason", models.TextField(blank=True, db_default="", default="")),
                ("advice", models.JSONField(db_default=[], default=list)),
                ("approved_at", models.DateTimeField(null=True)),
                ("content_hash", models.TextField(db_default="", default="")),
                ("decision_note", models.TextField(blank=True, db_default="", default="")),
                (
                    "dismissed_until",
                    models.DateTimeField(help_text="No new proposal before this time; null: never.", null=True),
                ),
                ("expires_at", models.DateTimeField(null=True)),
                ("leased_until", models.DateTimeField(null=True)),
                ("applied_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("error_message", models.TextField(db_default="", default="")),
                ("measure_at", models.DateTimeField(null=True)),
                (
                    "verdict",
                    models.TextField(
                        blank=True,
                        choices=[
                            ("improved", "Improved"),
                            ("unchanged", "no change"),
                            ("worse", "Worse"),
                            ("too_little", "too little data"),
                        ],
                        db_default="",
                        default="",
                    ),
                ),
                ("effect", models.JSONField(null=True)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        default=django.utils.timezone.now,
                        null=True,
                        verbose_name="when",
                    ),
                ),
                (
                    "approved_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
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
                    "rule",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="optimizations",
                        to="rules.automationrule",
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
                        verbose_name="person",
                    ),
                ),
            ],
            options={
                "verbose_name": "optimization",
                "db_table": "fusion_optimization_events",
                "ordering": ["-created_at", "-id"],
                "indexes": [
                    models.Index(fields=["-created_at", "-id"], name="fusion_optimization_newest"),
                    models.Index(fields=["user", "-created_at"], name="fusion_optimization_person"),
                    models.Index(
                        condition=models.Q(("user__isnull", False), ("strategy__isnull", False), _connector="OR"),
                        fields=["-created_at", "-id"],
                        name="fusion_optimization_ours",
                    ),
                    models.Index(
                        condition=models.Q(("status", "proposed")), fields=["user"], name="fusion_optimization_proposed"
                    ),
                    models.Index(
                        condition=models.Q(("status__in", ["approved", "applying"])),
                        fields=["leased_until"],
                        name="fusion_optimization_work",
                    ),
                    models.Index(
                        condition=models.Q(("measure_at__isnull", False), ("verdict", "")),
                        fields=["measure_at"],
                        name="fusion_optimization_measured",
                    ),
                ],
            },
            widen={"optimization_action": ["auto", "manual", "scheduled"]},
        ),
        smartagent.adoption.operations.CreateOrCompleteModel(
            name="ActionLog",
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
                ("action_type", models.TextField(verbose_name="action")),
                ("action_details", models.JSONField(db_default={}, default=dict, null=True, verbose_name="details")),
                (
                    "status",
                    models.TextField(
                        choices=[
                            ("pending", "Pending"),
                            ("completed", "Completed"),
                            ("failed", "Failed"),
                            ("success", "Success"),
                        ],
                        db_default="pending",
                        default="pending",
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        default=django.utils.timezone.now,
                        null=True,
                        verbose_name="when",
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
                        verbose_name="person",
                    ),
                ),
                (
                    "event",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="actions",
                        to="optimizer.optimizationevent",
                    ),
                ),
            ],
            options={
                "verbose_name": "optimizer action",
                "db_table": "fusion_action_log",
                "ordering": ["-created_at", "-id"],
                "indexes": [models.Index(fields=["user", "-created_at"], name="fusion_action_log_person")],
            },
            widen={"status": ["pending", "completed", "failed"]},
        ),
        smartagent.adoption.operations.CreateOrCompleteModel(
            name="FusionMetric",
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
                ("metric_name", models.TextField()),
                (
                    "metric_type",
                    models.TextField(help_text="Method: count, sum, average, percentage or trend.", null=True),
                ),
                ("raw_value", smartagent.fields.NumericField(null=True)),
                ("normalized_value", smartagent.fields.NumericField(help_text="Between 0 and 1.", null=True)),
                (
                    "weight",
                    smartagent.fields.NumericField(db_default=Decimal("0.2"), default=Decimal("0.2"), null=True),
                ),
                ("data_source", models.JSONField(db_default={}, default=dict, null=True)),
                ("synced_at", models.DateTimeField(null=True)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        default=django.utils.timezone.now,
                        null=True,
                    ),
                ),
                (
                    "integration",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="rules.integration",
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
            ],
            options={
                "db_table": "fusion_metrics",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("user", "integration", "metric_name"), name="fusion_metrics_one_of_a_name"
                    )
                ],
            },
        ),
        smartagent.adoption.operations.CreateOrCompleteModel(
            name="OptimizationStep",
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
                ("position", models.PositiveSmallIntegerField()),
                ("operation", models.TextField()),
                ("parameters", models.JSONField(db_default={}, default=dict)),
                ("reason", models.TextField(db_default="", default="")),
                ("expected", models.TextField(db_default="", default="")),
                (
                    "status",
                    models.TextField(
                        choices=[
                            ("proposed", "Proposed"),
                            ("running", "Running"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                            ("skipped", "Skipped"),
                            ("undone", "Undone"),
                        ],
                        db_default="proposed",
                        default="proposed",
                    ),
                ),
                ("before", models.JSONField(null=True)),
                ("after", models.JSONField(null=True)),
                ("result", models.TextField(db_default="", default="")),
                ("error", models.TextField(db_default="", default="")),
                ("attempt_count", models.PositiveSmallIntegerField(db_default=0, default=0)),
                ("started_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                ("undone_at", models.DateTimeField(null=True)),
                (
                    "event",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="steps",
                        to="optimizer.optimizationevent",
                    ),
                ),
                (
                    "integration",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="rules.integration",
                    ),
                ),
            ],
            options={
                "db_table": "optimization_steps",
                "ordering": ["event", "position"],
                "constraints": [
                    models.UniqueConstraint(fields=("event", "position"), name="optimization_steps_in_order")
                ],
            },
        ),
        smartagent.adoption.operations.CreateOrCompleteModel(
            name="OptimizerPolicy",
            fields=[
                (
                    "id",
                    models.PositiveSmallIntegerField(
                        db_default=1, default=1, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("stopped", models.BooleanField(db_default=False, default=False, verbose_name="stopped")),
                (
                    "automatic_per_day",
                    models.PositiveSmallIntegerField(
                        db_default=3, default=3, verbose_name="automatic changes per person and day"
                    ),
                ),
                (
                    "trusted_after",
                    models.PositiveSmallIntegerField(
                        db_default=3, default=3, verbose_name="required approved successes"
                    ),
                ),
                ("trusted_rate", models.FloatField(db_default=0.6, default=0.6, verbose_name="minimum success rate")),
                (
                    "needs_another",
                    models.BooleanField(db_default=False, default=False, verbose_name="approval by another person"),
                ),
                (
                    "undo_worse",
                    models.BooleanField(
                        db_default=False, default=False, verbose_name="roll back changes that made the metric worse"
                    ),
                ),
                (
                    "on_failure",
                    models.TextField(
                        choices=[("keep", "keep earlier changes"), ("undo", "revert earlier changes")],
                        db_default="undo",
                        default="undo",
                    ),
                ),
                ("window", models.JSONField(blank=True, db_default=[], default=list, verbose_name="change window")),
                ("window_zone", models.TextField(db_default="UTC", default="UTC", verbose_name="time zone")),
                ("updated_at", models.DateTimeField(auto_now=True, null=True)),
            ],
            options={
                "verbose_name_plural": "optimizer policy",
                "db_table": "optimizer_policy",
                "constraints": [models.CheckConstraint(condition=models.Q(("id", 1)), name="optimizer_policy_one_row")],
            },
        ),
        KeepInStep(
            "fusion_optimization_events", "optimization_applied", "BEFORE INSERT OR UPDATE", _in_step.FOLLOW_APPLIED
        ),
        Backfill(
            "fusion_optimization_events",
            "optimization_applied",
            _in_step.OPTIMIZATION_FILLS,
            needs=("applied", "created_at"),
            what="status of old rows",
        ),
        *_guards.GUARDS,
    ]
