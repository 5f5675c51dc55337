"""The state of each instance of a rule."""

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.functions import RandomUUID
from django.db import models

from rules.engine.open_alerts import FIRES_NOW
from rules.engine.states import InstanceState
from rules.models.querysets import StateQuerySet
from rules.models.rule import AutomationRule, Severity
from rules.models.silence import Silence
from smartagent.kernel.reads import PersonalRecord


class RuleState(PersonalRecord):
    """The state of one instance = rule x person x target. An instance without a row is ok and has always been."""

    class Handling(models.TextChoices):
        OPEN = "open"
        ACKNOWLEDGED = "acknowledged"
        SNOOZED = "snoozed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, db_default=RandomUUID(), editable=False)
    rule = models.ForeignKey(AutomationRule, models.CASCADE, related_name="states", db_index=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        related_name="rule_states",
        verbose_name="person",
        db_index=False,
    )
    target = models.TextField(default="", db_default="", blank=True)
    labels = models.JSONField(default=dict, db_default={}, blank=True, help_text="Labels of the series.")
    missed = models.SmallIntegerField(
        default=0, db_default=0, help_text="Consecutive evaluations in which its series had no reading."
    )
    condition = models.TextField(choices=InstanceState.choices, default=InstanceState.OK, db_default=InstanceState.OK)
    reason = models.TextField(default="", db_default="")
    since = models.DateTimeField()
    value = models.FloatField(null=True)
    episode = models.IntegerField(default=0, db_default=0)
    handling = models.TextField(choices=Handling.choices, default=Handling.OPEN, db_default=Handling.OPEN)
    last_notified_at = models.DateTimeField("last action", null=True)
    failures = models.IntegerField(default=0, db_default=0, help_text="Consecutive failed attempts to run the action.")
    retry_at = models.DateTimeField(null=True, help_text="Time of the next attempt after a failed one.")

    critical = models.BooleanField(
        default=False, db_default=False, help_text="Whether the critical threshold was passed in this episode."
    )
    fired_at = models.DateTimeField("firing since", null=True, help_text="Start of firing in this episode.")
    changes = ArrayField(
        models.DateTimeField(), default=list, help_text="Times of the latest changes into and out of firing."
    )
    flapping = models.BooleanField(default=False, db_default=False)
    handled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", db_index=False
    )
    handled_until = models.DateTimeField(null=True, help_text="End of the acknowledgement or snooze.")
    assignee = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", db_index=False)
    silence = models.ForeignKey(
        Silence,
        models.SET_NULL,
        null=True,
        related_name="+",
        db_index=False,
        help_text="Silence in effect.",
    )

    objects = StateQuerySet.as_manager()

    class Meta:
        db_table = "rule_states"
        verbose_name = "instance"
        ordering = ["-since", "-id"]
        indexes = [
            models.Index(
                fields=["-since", "-id"],
                name="rule_states_firing",
                condition=FIRES_NOW,
            ),
            models.Index(fields=["user"], name="rule_states_person"),
            models.Index(fields=["-since", "-id"], name="rule_states_newest"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["rule", "user", "target"], name="rule_states_instance"),
            models.CheckConstraint(
                condition=models.Q(condition__in=InstanceState.values), name="rule_states_condition"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rule_id} {self.condition}"

    @property
    def severity(self) -> str:
        """The severity of its episode: critical where it has passed the critical threshold, else that of the rule."""
        return Severity.CRITICAL if self.critical else self.rule.severity
