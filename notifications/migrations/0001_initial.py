"""The inbox. A legacy notifications table that is there is completed, not replaced."""

import uuid

import django.contrib.postgres.functions
import django.db.models.deletion
import django.db.models.functions.datetime
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import smartagent.adoption.operations
from notifications.migrations import _guards, _in_step
from smartagent.adoption.sync.backfill import Backfill
from smartagent.adoption.sync.compat_functions import OfferFunction
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
            name="Notification",
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
                        related_name="notifications",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="to",
                    ),
                ),
                (
                    "rule",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="notifications",
                        to="rules.automationrule",
                    ),
                ),
                (
                    "type",
                    models.TextField(
                        choices=[
                            ("alert", "Alert"),
                            ("notify", "notice"),
                            ("info", "Info"),
                            ("warning", "Warning"),
                            ("error", "Error"),
                            ("success", "Success"),
                        ]
                    ),
                ),
                ("title", models.TextField()),
                ("message", models.TextField()),
                (
                    "severity",
                    models.TextField(
                        choices=[("low", "Low"), ("medium", "Medium"), ("high", "High"), ("critical", "Critical")],
                        null=True,
                    ),
                ),
                (
                    "status",
                    models.TextField(
                        choices=[("unread", "Unread"), ("read", "Read"), ("archived", "Archived")],
                        db_default="unread",
                        default="unread",
                    ),
                ),
                ("action_url", models.TextField(null=True)),
                ("metadata", models.JSONField(db_default={}, default=dict, null=True)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        default=django.utils.timezone.now,
                        null=True,
                        verbose_name="when",
                    ),
                ),
                ("read_at", models.DateTimeField(null=True)),
                ("archived_at", models.DateTimeField(null=True)),
                ("snoozed_until", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "notifications",
                "ordering": ["-created_at", "-id"],
                "indexes": [
                    models.Index(
                        fields=["user", "-created_at", "-id"],
                        include=["status", "snoozed_until"],
                        name="notifications_inbox",
                    ),
                    models.Index(fields=["-created_at", "-id"], name="notifications_newest"),
                    models.Index(
                        condition=models.Q(("status", "unread")),
                        fields=["user", "snoozed_until"],
                        name="notifications_unread",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("type__in", ["alert", "notify", "info", "warning", "error", "success"])),
                        name="notifications_type_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("severity__in", ["low", "medium", "high", "critical"]), ("severity", None), _connector="OR"
                        ),
                        name="notifications_severity_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["unread", "read", "archived"])),
                        name="notifications_status_known",
                    ),
                ],
            },
            widen={
                "type": ["alert", "notify", "info", "warning", "error", "success"],
            },
        ),
        KeepInStep("notifications", "notification_status", "BEFORE INSERT OR UPDATE", _in_step.FOLLOW_STATUS),
        Backfill(
            "notifications",
            "notification_status",
            _in_step.STATUS_FILLS,
            needs=("is_read",),
            what="status of old rows",
        ),
        OfferFunction("mark_notification_read", (("notification_id", "uuid"),), "void", _in_step.MARK_READ),
        OfferFunction("mark_all_notifications_read", (), "void", _in_step.MARK_ALL_READ),
        OfferFunction("get_unread_notification_count", (), "integer", _in_step.COUNT_UNREAD),
        OfferFunction("cleanup_old_notifications", (), "integer", _in_step.CLEAN_UP),
        _guards.GUARD,
    ]
