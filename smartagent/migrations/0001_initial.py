"""People, sessions, API tokens, failed attempts to sign in and idempotency keys."""

import uuid

import django.contrib.postgres.fields
import django.contrib.postgres.functions
import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models

import smartagent.kernel.token_scopes
import smartagent.models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        migrations.CreateModel(
            name="User",
            fields=[
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                (
                    "is_superuser",
                    models.BooleanField(
                        default=False,
                        help_text="Designates that this user has all permissions without explicitly assigning them.",
                        verbose_name="superuser status",
                    ),
                ),
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
                    "email",
                    models.EmailField(
                        error_messages={"unique": "An account with this e-mail address already exists."},
                        max_length=254,
                        unique=True,
                        verbose_name="e-mail",
                    ),
                ),
                (
                    "full_name",
                    models.CharField(blank=True, db_default="", default="", max_length=200, verbose_name="full name"),
                ),
                (
                    "time_zone",
                    models.CharField(
                        db_default="UTC",
                        default="UTC",
                        help_text="Times are shown in this zone, for example Europe/Berlin.",
                        max_length=64,
                        validators=[smartagent.models.validate_time_zone],
                        verbose_name="time zone",
                    ),
                ),
                ("is_active", models.BooleanField(db_default=True, default=True, verbose_name="may sign in")),
                (
                    "is_staff",
                    models.BooleanField(
                        db_default=False,
                        default=False,
                        help_text="Staff can view and change objects of all owners.",
                        verbose_name="sees everyone's objects",
                    ),
                ),
                (
                    "date_joined",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                        verbose_name="joined",
                    ),
                ),
                ("is_service_account", models.BooleanField(db_default=False, default=False, editable=False)),
                (
                    "owner",
                    models.ForeignKey(
                        blank=True,
                        help_text="Who answers for a service account.",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="service_accounts",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "groups",
                    models.ManyToManyField(
                        blank=True,
                        help_text="The groups this user belongs to. A user will get all permissions granted to each of their groups.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.group",
                        verbose_name="groups",
                    ),
                ),
                (
                    "user_permissions",
                    models.ManyToManyField(
                        blank=True,
                        help_text="Specific permissions for this user.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.permission",
                        verbose_name="user permissions",
                    ),
                ),
            ],
            options={
                "verbose_name": "person",
                "verbose_name_plural": "people",
                "db_table": "smartagent_users",
                "permissions": [
                    ("view_everyone", "Can see everyone's objects"),
                    ("change_everyone", "Can change everyone's objects"),
                ],
            },
        ),
        migrations.CreateModel(
            name="BrowserSession",
            fields=[
                (
                    "session_key",
                    models.CharField(max_length=40, primary_key=True, serialize=False, verbose_name="session key"),
                ),
                ("session_data", models.TextField(verbose_name="session data")),
                ("expire_date", models.DateTimeField(db_index=True, verbose_name="expire date")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("address", models.CharField(db_default="", default="", max_length=45)),
                ("user_agent", models.CharField(db_default="", default="", max_length=300)),
                ("signed_in_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("last_used_at", models.DateTimeField(null=True)),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="browser_sessions",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
            ],
            options={
                "verbose_name": "session",
                "db_table": "smartagent_sessions",
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="ServiceAccount",
            fields=[],
            options={
                "verbose_name": "service account",
                "proxy": True,
                "indexes": [],
                "constraints": [],
            },
            bases=("smartagent.user",),
        ),
        migrations.CreateModel(
            name="APIToken",
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
                    models.CharField(help_text="Name of the program, for example: build server.", max_length=100),
                ),
                ("prefix", models.CharField(editable=False, max_length=16)),
                ("digest", models.CharField(editable=False, max_length=64, unique=True)),
                (
                    "scopes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(choices=smartagent.kernel.token_scopes.TokenScope.choices),
                        db_default=smartagent.kernel.token_scopes.every_scope(),
                        default=smartagent.kernel.token_scopes.every_scope,
                        size=None,
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                (
                    "expires_at",
                    models.DateTimeField(blank=True, help_text="Empty: no expiry.", null=True),
                ),
                ("last_used_at", models.DateTimeField(editable=False, null=True)),
                ("last_used_from", models.GenericIPAddressField(editable=False, null=True)),
                (
                    "replaced_by",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="smartagent.apitoken",
                    ),
                ),
                (
                    "expiry_noticed_days",
                    models.PositiveSmallIntegerField(
                        editable=False,
                        help_text="How many days before the expiry its person was last notified.",
                        null=True,
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="api_tokens",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
            ],
            options={
                "verbose_name": "API token",
                "db_table": "smartagent_api_tokens",
                "ordering": ["-created_at"],
            },
        ),
        migrations.CreateModel(
            name="IdempotencyKey",
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
                ("key", models.CharField(max_length=255)),
                ("fingerprint", models.CharField(max_length=64)),
                (
                    "status_code",
                    models.PositiveSmallIntegerField(help_text="Empty: the request is running.", null=True),
                ),
                ("answer", models.TextField(db_default="", default="", help_text="JSON.")),
                ("headers", models.JSONField(db_default={}, default=dict)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "smartagent_idempotency_keys",
            },
        ),
        migrations.CreateModel(
            name="ReadWindow",
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
                ("page", models.TextField()),
                ("query_digest", models.CharField(help_text="SHA-256 of the filters.", max_length=64)),
                ("filters", models.JSONField(default=dict)),
                ("started_at", models.DateTimeField()),
                ("last_at", models.DateTimeField()),
                ("further", models.IntegerField(default=0, help_text="Requests after the first, which has its entry.")),
                ("records", models.BigIntegerField(default=0, help_text="What these have read.")),
                (
                    "people",
                    django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), default=list, size=None),
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
                "db_table": "smartagent_read_windows",
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="RequestCount",
            fields=[
                ("key", models.CharField(max_length=100, primary_key=True, serialize=False)),
                ("minute", models.BigIntegerField(help_text="Minutes since 1970.")),
                ("requests", models.BigIntegerField()),
            ],
            options={
                "db_table": "smartagent_request_counts",
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="Attempts",
            fields=[
                ("key", models.CharField(max_length=100, primary_key=True, serialize=False)),
                ("attempts", models.PositiveIntegerField()),
                ("last_guess", models.CharField(max_length=100)),
                ("last_at", models.DateTimeField()),
                ("blocked_until", models.DateTimeField()),
            ],
            options={
                "verbose_name_plural": "attempts",
                "db_table": "smartagent_attempts",
                "default_permissions": (),
            },
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.UniqueConstraint(
                django.db.models.functions.text.Lower("email"),
                name="smartagent_users_email_ci",
                violation_error_message="An account with this e-mail address already exists.",
            ),
        ),
        migrations.AddConstraint(
            model_name="idempotencykey",
            constraint=models.UniqueConstraint(fields=("user", "key"), name="smartagent_idempotency_keys_once"),
        ),
        migrations.AddConstraint(
            model_name="readwindow",
            constraint=models.UniqueConstraint(
                fields=("started_at", "user", "page", "query_digest"), name="smartagent_read_windows_once"
            ),
        ),
    ]
