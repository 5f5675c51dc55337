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
from optimizer.migrations import _in_step
from smartagent.adoption.backfill import Backfill
from smartagent.adoption.triggers import KeepInStep


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
                    "rule",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="optimizations",
                        to="rules.automationrule",
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
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        default=django.utils.timezone.now,
                        null=True,
                        verbose_name="when",
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
                        condition=models.Q(("status", "proposed")), fields=["user"], name="fusion_optimization_proposed"
                    ),
                ],
            },
            widen={
                "optimization_action": ["auto", "manual", "scheduled"],
            },
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
            ],
            options={
                "verbose_name": "optimizer action",
                "db_table": "fusion_action_log",
                "ordering": ["-created_at", "-id"],
                "indexes": [models.Index(fields=["user", "-created_at"], name="fusion_action_log_person")],
            },
            widen={
                "status": ["pending", "completed", "failed"],
            },
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
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="rules.integration",
                    ),
                ),
                ("metric_name", models.TextField()),
                (
                    "metric_type",
                    models.TextField(help_text="How it is made: count, sum, average, percentage or trend.", null=True),
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
    ]
