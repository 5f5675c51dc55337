"""What leaves the house: channels, deliveries with each attempt, who wants what, and escalation."""

import datetime
import uuid

import django.contrib.postgres.functions
import django.db.models.deletion
import django.db.models.functions.datetime
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import notifications.registries
import smartagent.adoption.operations


class Migration(migrations.Migration):
    # Each operation makes its own transactions: others go on writing, and a run that was ended is finished by another.
    atomic = False

    dependencies = [
        ("notifications", "0001_initial"),
        ("rules", "0001_initial"),
        ("smartagent", "__first__"),
    ]

    operations = [
        smartagent.adoption.operations.CreateOrCompleteModel(
            name="Channel",
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
                        related_name="channels",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="owner",
                    ),
                ),
                ("name", models.CharField(help_text="A name, for example: my phone.", max_length=100)),
                ("kind", models.CharField(choices=notifications.registries.channel_choices, max_length=40)),
                ("config", models.JSONField(blank=True, db_default={}, default=dict, verbose_name="settings")),
                ("sealed", models.TextField(blank=True, db_default="", default="", editable=False)),
                ("enabled", models.BooleanField(db_default=True, default=True, verbose_name="enabled")),
                (
                    "position",
                    models.PositiveSmallIntegerField(
                        db_default=0,
                        default=0,
                        help_text="If a channel fails, the channel with the lowest number is used next.",
                        verbose_name="order",
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
                ("failures", models.PositiveIntegerField(db_default=0, default=0, editable=False)),
                ("opened_at", models.DateTimeField(editable=False, null=True)),
                ("retry_at", models.DateTimeField(editable=False, null=True)),
                ("cause", models.TextField(db_default="", default="", editable=False)),
                ("works_since", models.DateTimeField(editable=False, null=True)),
                ("tokens", models.FloatField(editable=False, null=True)),
                ("tokens_at", models.DateTimeField(editable=False, null=True)),
                ("title_template", models.TextField(blank=True, db_default="", default="")),
                ("body_template", models.TextField(blank=True, db_default="", default="")),
            ],
            options={
                "db_table": "channels",
                "ordering": ["position", "created_at", "id"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("user", "name"),
                        name="channels_one_name",
                        violation_error_message="You already have a channel with this name.",
                    )
                ],
            },
        ),
        smartagent.adoption.operations.CreateOrCompleteModel(
            name="Delivery",
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
                        related_name="deliveries",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="to",
                    ),
                ),
                (
                    "notification",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="deliveries",
                        to="notifications.notification",
                    ),
                ),
                (
                    "rule",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="rules.automationrule",
                    ),
                ),
                (
                    "channel",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="deliveries",
                        to="notifications.channel",
                    ),
                ),
                ("channel_name", models.TextField(db_default="", default="", verbose_name="channel")),
                ("kind", models.TextField(db_default="", default="")),
                ("title", models.TextField()),
                (
                    "severity",
                    models.TextField(
                        choices=[("low", "Low"), ("medium", "Medium"), ("high", "High"), ("critical", "Critical")],
                        default="low",
                    ),
                ),
                (
                    "reason",
                    models.TextField(
                        choices=[
                            ("first", "first notification"),
                            ("still_firing", "still firing"),
                            ("resolved", "Resolved"),
                            ("critical", "became critical"),
                            ("flapping", "Flapping"),
                            ("escalated", "Escalated"),
                            ("digest", "Digest"),
                            ("test", "Test"),
                            ("channel", "about a channel"),
                            ("other", "Other"),
                        ],
                        default="first",
                    ),
                ),
                (
                    "status",
                    models.TextField(
                        choices=[
                            ("waiting", "waiting for a channel"),
                            ("held", "Held"),
                            ("due", "Due"),
                            ("sending", "Sending"),
                            ("delivered", "Delivered"),
                            ("bundled", "Bundled"),
                            ("skipped", "not sent"),
                            ("dead", "failed"),
                        ],
                        default="due",
                    ),
                ),
                ("cause", models.TextField(db_default="", default="")),
                ("due_at", models.DateTimeField(null=True)),
                ("leased_until", models.DateTimeField(null=True)),
                ("attempt_count", models.PositiveIntegerField(db_default=0, default=0)),
                ("expires_at", models.DateTimeField()),
                ("handed_over", models.BooleanField(db_default=False, default=False)),
                (
                    "bundle",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="bundled",
                        to="notifications.delivery",
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        default=django.utils.timezone.now,
                        verbose_name="when",
                    ),
                ),
                ("settled_at", models.DateTimeField(null=True)),
            ],
            options={
                "verbose_name_plural": "deliveries",
                "db_table": "deliveries",
                "ordering": ["-created_at", "-id"],
                "indexes": [
                    models.Index(fields=["-created_at", "-id"], name="deliveries_newest"),
                    models.Index(fields=["user", "-created_at", "-id"], name="deliveries_of_person"),
                    models.Index(condition=models.Q(("status", "due")), fields=["due_at", "id"], name="deliveries_due"),
                    models.Index(condition=models.Q(("status", "held")), fields=["due_at"], name="deliveries_held"),
                    models.Index(
                        condition=models.Q(("status", "sending")), fields=["leased_until"], name="deliveries_leased"
                    ),
                    models.Index(condition=models.Q(("status", "waiting")), fields=["user"], name="deliveries_waiting"),
                    models.Index(fields=["channel", "-created_at"], name="deliveries_of_channel"),
                    models.Index(
                        condition=models.Q(("status", "dead")), fields=["-created_at"], name="deliveries_dead"
                    ),
                    models.Index(
                        condition=models.Q(("status__in", ["due", "waiting"])),
                        fields=["expires_at"],
                        name="deliveries_open",
                    ),
                ],
            },
        ),
        smartagent.adoption.operations.CreateOrCompleteModel(
            name="DeliveryAttempt",
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
                    "delivery",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="attempts",
                        to="notifications.delivery",
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                (
                    "outcome",
                    models.TextField(
                        choices=[
                            ("started", "Started"),
                            ("delivered", "Delivered"),
                            ("failed", "failed, retrying"),
                            ("refused", "Refused"),
                        ],
                        default="started",
                    ),
                ),
                ("code", models.IntegerField(null=True)),
                ("milliseconds", models.FloatField(null=True)),
                ("excerpt", models.TextField(db_default="", default="")),
                ("error", models.TextField(db_default="", default="")),
                ("started_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("finished_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "delivery_attempts",
                "ordering": ["number", "started_at"],
            },
        ),
        smartagent.adoption.operations.CreateOrCompleteModel(
            name="Preference",
            fields=[
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="notification_preference",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("matrix", models.JSONField(blank=True, db_default={}, default=dict)),
                ("quiet", models.JSONField(blank=True, db_default=[], default=list)),
                (
                    "digest_at",
                    models.TimeField(
                        db_default=datetime.time(8, 0), default=datetime.time(8, 0), verbose_name="daily digest at"
                    ),
                ),
            ],
            options={
                "db_table": "notification_preferences",
            },
        ),
        smartagent.adoption.operations.CreateOrCompleteModel(
            name="Mute",
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
                        related_name="mutes",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "rule",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="rules.automationrule"
                    ),
                ),
                ("until", models.DateTimeField(null=True)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now
                    ),
                ),
            ],
            options={
                "db_table": "notification_mutes",
                "constraints": [models.UniqueConstraint(fields=("user", "rule"), name="notification_mutes_once")],
            },
        ),
        smartagent.adoption.operations.CreateOrCompleteModel(
            name="EscalationPolicy",
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
                    models.CharField(help_text="Rules refer to the policy by this name.", max_length=100, unique=True),
                ),
                ("steps", models.JSONField(db_default=[], default=list)),
                (
                    "repeats",
                    models.PositiveSmallIntegerField(
                        db_default=0,
                        default=0,
                        help_text="Number of times all steps are repeated if nobody acknowledges.",
                        verbose_name="repeat",
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
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="escalation_policies",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="owner",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "escalation policies",
                "db_table": "escalation_policies",
                "ordering": ["name", "id"],
            },
        ),
        smartagent.adoption.operations.CreateOrCompleteModel(
            name="Escalation",
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
                ("policy_name", models.TextField()),
                ("entry_id", models.UUIDField()),
                ("episode", models.IntegerField()),
                ("steps", models.JSONField()),
                ("repeats", models.PositiveSmallIntegerField()),
                ("step", models.PositiveSmallIntegerField(db_default=0, default=0)),
                ("round", models.PositiveSmallIntegerField(db_default=0, default=0)),
                ("title", models.TextField()),
                ("message", models.TextField()),
                (
                    "severity",
                    models.TextField(
                        choices=[("low", "Low"), ("medium", "Medium"), ("high", "High"), ("critical", "Critical")]
                    ),
                ),
                ("metadata", models.JSONField(db_default={}, default=dict)),
                (
                    "status",
                    models.TextField(
                        choices=[("running", "Running"), ("stopped", "Stopped"), ("finished", "Finished")],
                        db_default="running",
                        default="running",
                    ),
                ),
                ("cause", models.TextField(db_default="", default="")),
                ("due_at", models.DateTimeField(null=True)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        default=django.utils.timezone.now,
                        verbose_name="started",
                    ),
                ),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "rule",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="rules.automationrule"
                    ),
                ),
                (
                    "state",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="rules.rulestate",
                    ),
                ),
                (
                    "policy",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="notifications.escalationpolicy",
                    ),
                ),
            ],
            options={
                "db_table": "escalations",
                "ordering": ["-created_at", "-id"],
                "indexes": [
                    models.Index(condition=models.Q(("status", "running")), fields=["due_at"], name="escalations_due")
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("state", "episode"), name="escalations_one_an_episode")
                ],
            },
        ),
        smartagent.adoption.operations.CreateOrCompleteModel(
            name="ReliabilityGoal",
            fields=[
                (
                    "id",
                    models.PositiveSmallIntegerField(
                        db_default=1, default=1, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("percent", models.FloatField(db_default=99.5, default=99.5, verbose_name="goal")),
                ("seconds", models.PositiveIntegerField(db_default=60, default=60, verbose_name="within seconds")),
                (
                    "test_channels",
                    models.JSONField(
                        blank=True,
                        db_default=[],
                        default=list,
                        help_text="IDs of channels that the self-test uses.",
                        verbose_name="test channels",
                    ),
                ),
                ("updated_at", models.DateTimeField(auto_now=True, null=True)),
            ],
            options={
                "verbose_name_plural": "reliability goal",
                "db_table": "reliability_goal",
                "constraints": [models.CheckConstraint(condition=models.Q(("id", 1)), name="reliability_goal_one_row")],
            },
        ),
        smartagent.adoption.operations.CreateOrCompleteModel(
            name="SelfTestRun",
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
                ("trigger", models.TextField(choices=[("schedule", "schedule"), ("command", "command")])),
                ("started_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField()),
                ("stages", models.JSONField(db_default=[], default=list)),
                ("passed", models.PositiveSmallIntegerField(help_text="Stages that passed.")),
                ("failed", models.PositiveSmallIntegerField(help_text="Stages that failed.")),
                (
                    "noticed_level",
                    models.PositiveSmallIntegerField(
                        db_default=0,
                        default=0,
                        help_text="1: operators were notified of a failure rate above 10 %; 2: above 33 %.",
                    ),
                ),
            ],
            options={
                "verbose_name": "self-test run",
                "db_table": "self_test_runs",
                "ordering": ["-started_at", "-id"],
                "indexes": [models.Index(fields=["-started_at", "-id"], name="self_test_runs_newest")],
            },
        ),
    ]
