"""The activity log, and the runs its entries belong to."""

import uuid
from typing import Any

from django.conf import settings
from django.contrib.postgres.functions import RandomUUID
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.functions import Now
from django.db.models.lookups import IsNull

from rules.models.activity_facts import ACTOR, ENTRY_WORDS, LABELS, METRIC, SEVERITY, SUBJECT, TARGET
from rules.models.querysets import INTERRUPTED, ActivityQuerySet, RunQuerySet
from rules.models.rule import AutomationRule
from smartagent.fields import FactsField
from smartagent.kernel.reads import RECORDS_READ, PersonalRecord


class DispatchRun(models.Model):
    """One evaluation of the rules, scheduled or requested."""

    class Trigger(models.TextChoices):
        SCHEDULE = "schedule"
        PAGE = "page", "button"
        API = "api", "API"
        COMMAND = "command"

    class Outcome(models.TextChoices):
        RUNNING = "running"
        COMPLETED = "completed"
        OVERLAPPED = "overlapped", "skipped: another run in progress"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, db_default=RandomUUID(), editable=False)
    trigger = models.TextField(choices=Trigger.choices)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", db_index=False
    )
    outcome = models.TextField(choices=Outcome.choices, default=Outcome.RUNNING)
    evaluated_at = models.DateTimeField(help_text="Time for which rules were evaluated.")
    started_at = models.DateTimeField(help_text="Wall-clock time.")
    finished_at = models.DateTimeField(null=True)
    late_by = models.DurationField("delay", null=True, help_text="Delay of a scheduled evaluation.")
    rules_evaluated = models.IntegerField("rules", default=0)
    instances = models.IntegerField(default=0)
    triggered = models.IntegerField(default=0)
    succeeded = models.IntegerField(default=0)
    failed = models.IntegerField(default=0)
    no_data = models.IntegerField("on no data", default=0)
    errors = models.IntegerField(default=0)
    stage_ms = models.JSONField("milliseconds per stage", default=dict)
    error_message = models.TextField(null=True)
    plan = models.TextField(
        default="", db_default="", help_text="Plan of the statement that finds candidates, where it was slow."
    )

    objects = RunQuerySet.as_manager()

    class Meta:
        db_table = "dispatch_runs"
        verbose_name = "run"
        ordering = ["-started_at", "-id"]
        indexes = [models.Index(fields=["-started_at", "-id"], name="dispatch_runs_newest")]

    def __str__(self) -> str:
        return f"{self.trigger} {self.started_at:%Y-%m-%d %H:%M:%S}"

    @property
    def was_interrupted(self) -> bool:
        """Whether its process ended in the middle, or it still goes on: who holds the dispatcher's lock knows."""
        return self.outcome == self.Outcome.RUNNING or self.error_message == INTERRUPTED


class ActivityEntry(PersonalRecord):
    """One decision and its outcome. Pending entries wait for execution: they are the queue."""

    read_kind = "activity entries"

    class Status(models.TextChoices):
        PENDING = "pending"
        SUCCESS = "success"
        FAILED = "failed"
        SKIPPED = "skipped"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, db_default=RandomUUID(), editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name="owner",
        db_index=False,
    )
    rule = models.ForeignKey(AutomationRule, models.SET_NULL, null=True, related_name="entries", db_index=False)
    run = models.ForeignKey(DispatchRun, models.SET_NULL, null=True, related_name="entries", db_index=False)
    state = models.ForeignKey(
        "rules.RuleState", models.DO_NOTHING, null=True, related_name="+", db_index=False, db_constraint=False
    )
    agent_name = models.TextField(default="smart_agent")
    event_type = models.TextField("event")
    action_taken = models.TextField("action")
    context = FactsField(default=dict, db_default={})
    status = models.TextField(choices=Status.choices, default=Status.SUCCESS, db_default=Status.SUCCESS)
    error_message = models.TextField("error", null=True)
    created_at = models.DateTimeField("when", db_default=Now())
    executed_at = models.DateTimeField(null=True)

    objects = ActivityQuerySet.as_manager()

    class Meta:
        db_table = "agent_activity_log"
        verbose_name = "activity entry"
        verbose_name_plural = "activity"
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="agent_activity_log_newest"),
            models.Index(  # serves the charts of one person, whose entries lie all over the table
                fields=["user", "-created_at"], include=["event_type", "rule"], name="agent_activity_log_owner"
            ),
            models.Index(SUBJECT, models.F("created_at").desc(), name="agent_activity_log_person"),
            models.Index(fields=["rule", "-created_at"], name="agent_activity_log_rule"),
            models.Index(fields=["run"], name="agent_activity_log_run"),
            models.Index(  # serves the timeline of an instance
                fields=["state", "-created_at"],
                name="agent_activity_log_state",
                condition=models.Q(state__isnull=False),
            ),
            models.Index(  # serves the queue
                fields=["created_at", "id"],
                name="agent_activity_log_pending",
                condition=models.Q(status="pending", run__isnull=False),
            ),
            models.Index(  # serves the filter and the overview's failed actions
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
            models.Index(  # of other programs
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
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(status__in=["pending", "success", "failed", "skipped"]),
                name="agent_activity_log_status_known",
            )
        ]

    def __str__(self) -> str:
        return f"{self.event_type} {self.action_taken} {self.status}"

    def read_person(self) -> Any:
        """Whom the entry is about; None for one of the log of reads, which would lead to a further one."""
        loaded = self.__dict__
        context = loaded.get("context")
        person = context.get("person") if isinstance(context, dict) else None
        return None if loaded.get("event_type") == RECORDS_READ else person or loaded.get("user_id")
