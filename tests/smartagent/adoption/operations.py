"""Operations as migrations of ours would have them, on models that no app knows."""

import uuid
from datetime import timedelta
from typing import Any

from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models.functions import Now

from smartagent.adoption import CreateOrCompleteModel

Field = Any
KINDS = ["alert", "notify", "info", "warning", "error", "success"]
ENTRY_STATUSES = ["pending", "success", "failed", "skipped"]
RULE_STATUSES = ["active", "paused", "disabled", "draft"]


def key() -> tuple[str, Field]:
    return "id", models.UUIDField(primary_key=True, default=uuid.uuid4, db_default=RandomUUID())


def created_at() -> tuple[str, Field]:
    return "created_at", models.DateTimeField(null=True, db_default=Now())


def person(**options: Any) -> tuple[str, Field]:
    return "user", models.ForeignKey("adopted.Person", models.CASCADE, **({"null": True} | options))


def rule() -> tuple[str, Field]:
    return "rule", models.ForeignKey("adopted.Rule", models.SET_NULL, null=True)


def known(column: str, words: list[str], table: str) -> models.CheckConstraint:
    return models.CheckConstraint(condition=models.Q(**{f"{column}__in": words}), name=f"{table}_{column}_known")


def operations() -> list[CreateOrCompleteModel]:
    """Fresh ones: a model's fields are bound to it."""
    return [
        CreateOrCompleteModel(
            "Person",
            [key(), ("email", models.EmailField(unique=True))],
            {"db_table": "people"},
        ),
        CreateOrCompleteModel(
            "Rule",
            [
                key(),
                person(null=False),
                ("rule_name", models.TextField()),
                ("description", models.TextField(null=True)),
                ("threshold_value", models.DecimalField(max_digits=30, decimal_places=10)),
                ("status", models.TextField(db_default="active")),
                ("trigger_count", models.PositiveIntegerField(db_default=0)),
                ("repeat_every", models.DurationField(db_default=timedelta(hours=4))),
                ("note", models.CharField(max_length=20, db_default="it's 100%", db_index=True)),
                created_at(),
            ],
            {
                "db_table": "automation_rules",
                "indexes": [models.Index(fields=["user", "rule_name"], name="automation_rules_owner")],
                "constraints": [known("status", RULE_STATUSES, "automation_rules")],
            },
            widen={"status": RULE_STATUSES},
        ),
        CreateOrCompleteModel(
            "RuleState",
            [
                key(),
                ("rule", models.ForeignKey("adopted.Rule", models.CASCADE)),
                ("target", models.TextField()),
            ],
            {
                "db_table": "rule_states",
                "constraints": [
                    models.UniqueConstraint(fields=["rule", "target"], name="rule_states_instance")
                ],
            },
        ),
        CreateOrCompleteModel(
            "Notification",
            [
                key(),
                person(),
                rule(),
                ("type", models.TextField()),
                ("title", models.TextField()),
                ("message", models.TextField()),
                ("severity", models.TextField(null=True)),
                ("status", models.TextField(db_default="unread")),
                ("metadata", models.JSONField(db_default={}, null=True)),
                created_at(),
            ],
            {
                "db_table": "notifications",
                "indexes": [
                    models.Index(fields=["user", "-created_at"], name="notifications_inbox"),
                    models.Index(
                        fields=["user"], name="notifications_unread", condition=models.Q(status="unread")
                    ),
                ],
                "constraints": [
                    known("type", KINDS, "notifications"),
                    known("severity", ["low", "medium", "high", "critical"], "notifications"),
                    known("status", ["unread", "read", "archived"], "notifications"),
                ],
            },
            widen={"type": KINDS},
        ),
        CreateOrCompleteModel(
            "ActivityEntry",
            [
                key(),
                person(),
                rule(),
                ("agent_name", models.TextField()),
                ("event_type", models.TextField()),
                ("action_taken", models.TextField()),
                ("context", models.JSONField(db_default={}, null=True)),
                ("status", models.TextField(db_default="pending")),
                ("executed_at", models.DateTimeField(null=True)),
                created_at(),
            ],
            {
                "db_table": "agent_activity_log",
                "constraints": [known("status", ENTRY_STATUSES, "agent_activity_log")],
            },
            widen={"status": ENTRY_STATUSES},
        ),
        CreateOrCompleteModel(
            "OptimizationEvent",
            [
                key(),
                person(),
                rule(),
                ("source_event_type", models.TextField()),
                ("optimization_action", models.TextField()),
                ("efficiency_index", models.DecimalField(max_digits=30, decimal_places=10, null=True)),
                ("status", models.TextField(db_default="proposed")),
                created_at(),
            ],
            {"db_table": "fusion_optimization_events"},
            widen={"optimization_action": ["auto", "manual", "scheduled"]},
        ),
        CreateOrCompleteModel(
            "ActionLog",
            [
                key(),
                person(),
                ("event", models.ForeignKey("adopted.OptimizationEvent", models.SET_NULL, null=True)),
                ("action_type", models.TextField()),
                ("status", models.TextField(db_default="pending")),
                created_at(),
            ],
            {"db_table": "fusion_action_log"},
            widen={"status": ["pending", "completed"]},
        ),
    ]  # fmt: skip


# What our application writes, by model; words that the old checks refuse among them.
ROWS: dict[str, dict[str, Any]] = {
    "Notification": {"type": "notify", "title": "New", "message": "x", "severity": "high"},
    "ActivityEntry": {
        "agent_name": "ours",
        "event_type": "rule",
        "action_taken": "alert",
        "status": "skipped",
    },
    "OptimizationEvent": {
        "source_event_type": "smart_agent",
        "optimization_action": "auto",
        "efficiency_index": 99,
    },
    "Rule": {"rule_name": "New", "threshold_value": 70, "status": "draft"},
    "ActionLog": {"action_type": "refresh"},
}
