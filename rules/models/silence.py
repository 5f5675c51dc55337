"""Silences: muted times, once or recurring (maintenance windows)."""

import uuid

from django.conf import settings
from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from rules.models.querysets import SilenceQuerySet
from rules.models.recorded import Recorded
from rules.models.rule import AutomationRule
from smartagent.fields import FactsField


class Silence(Recorded):
    """Mutes the instances that match all its matchers: rule, metric, person, labels. They are still evaluated."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, db_default=RandomUUID(), editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        verbose_name="rules of",
        help_text="Owner whose rules are silenced. Empty: all owners.",
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        db_index=False,
        verbose_name="created by",
    )
    comment = models.TextField(help_text="Reason, shown to everyone who sees the silence.")
    rule = models.ForeignKey(
        AutomationRule, models.CASCADE, null=True, blank=True, related_name="silences", db_index=False
    )
    metric = models.TextField(default="", db_default="", blank=True)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        help_text="Person whose readings are silenced.",
    )
    labels = FactsField(default=dict, blank=True, db_default={})
    starts_at = models.DateTimeField("from")
    ends_at = models.DateTimeField("until", help_text="For a recurring silence: no window starts after this time.")
    recurrence = models.TextField(
        default="", db_default="", blank=True, help_text="iCalendar RRULE (RFC 5545). Empty: once."
    )
    duration = models.DurationField(null=True, blank=True, help_text="Duration of each window of a recurring silence.")
    time_zone = models.TextField(
        default="UTC", db_default="UTC", help_text="Time zone in which a recurring silence repeats."
    )
    created_at = models.DateTimeField("made", default=timezone.now, db_default=Now(), editable=False)
    cancelled_at = models.DateTimeField("ended early", null=True, editable=False)
    cancelled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", db_index=False, editable=False
    )
    reported_at = models.DateTimeField(
        null=True, editable=False, help_text="Ended windows are reported up to this time."
    )

    recorded_kind = "silence"
    recorded_fields = (
        "user", "comment", "rule", "metric", "person", "labels", "starts_at", "ends_at", "recurrence", "duration",
        "time_zone", "cancelled_at",
    )  # fmt: skip

    objects = SilenceQuerySet.as_manager()

    class Meta:
        db_table = "silences"
        ordering = ["-starts_at", "-id"]
        indexes = [models.Index(fields=["ends_at"], name="silences_end")]

    def __str__(self) -> str:
        return self.comment
