"""Serializers of rules, results and sources of readings."""

from typing import Any

from django.db import transaction
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from rules.api.relations import RULE, RUN, SILENCE
from rules.authoring.credential_addresses import changed_addresses, refusal
from rules.authoring.rule_limit import rule_limit_problem
from rules.authoring.serializer import RuleFieldsSerializer
from rules.lifecycle.status import begin_anew, publishes
from rules.models import ActivityEntry, DispatchRun, Integration, MetricSample, RuleState
from rules.text.alert import state_in_words
from rules.text.entry import entry_in_words
from rules.text.integration import integration_in_words
from rules.text.rule import rule_in_words
from rules.text.run import run_in_words
from smartagent.kernel.sealing import seal
from smartagent.rest.fields import JSONObjectField
from smartagent.rest.recent_sign_in import require_recent_sign_in
from smartagent.rest.relations import PERSON
from smartagent.rest.rows import RowMixin
from smartagent.rest.serializers import OwnedSerializer, StrictModelSerializer, StrictSerializer


class RuleSerializer(RowMixin, RuleFieldsSerializer):
    """A rule: metric, operator, threshold and action; optionally windows, critical and recovery thresholds, and
    durations."""

    class Meta(RuleFieldsSerializer.Meta):
        resource, page, sentence = "rules", "admin:rules_automationrule_page", rule_in_words
        relations = {"user": PERSON}
        collections = {
            "states": "states/?rule={}", "activity": "activity/?rule={}", "versions": "rules/{}/versions/",
            "health": "rules/{}/health/",
        }  # fmt: skip

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if self.instance is None:
            owner = attrs.get("user") or self.context["request"].user
            if problem := rule_limit_problem(owner):
                raise serializers.ValidationError({"detail": [problem]})
        return super().validate(attrs)

    @transaction.atomic
    def update(self, instance: Any, validated_data: Any) -> Any:
        before = instance.status
        rule = super().update(instance, validated_data)
        if publishes(before, rule.status):
            begin_anew([rule])
        return rule


class StateSerializer(RowMixin, StrictModelSerializer):
    rule_name = serializers.CharField(source="rule.rule_name", read_only=True)
    labels = serializers.DictField(child=serializers.CharField(), read_only=True, help_text="Labels of the series.")

    class Meta:
        model = RuleState
        resource, page, sentence = "states", "admin:rules_rulestate_page", state_in_words
        relations = {"rule": RULE, "user": PERSON, "silence": SILENCE, "handled_by": PERSON, "assignee": PERSON}
        fields = [
            "id", "rule", "rule_name", "user", "target", "labels", "condition", "reason", "since", "value",
            "episode", "critical", "flapping", "fired_at", "silence", "handling", "handled_by", "handled_until",
            "assignee", "last_notified_at",
        ]  # fmt: skip


class ActivitySerializer(RowMixin, StrictModelSerializer):
    class Meta:
        model = ActivityEntry
        resource, page, sentence = "activity", "admin:rules_activityentry_change", entry_in_words
        relations = {"user": PERSON, "rule": RULE, "run": RUN}
        collections = {"why": "activity/{}/why/"}
        fields = [
            "id", "user", "rule", "run", "agent_name", "event_type", "action_taken", "context", "status",
            "error_message", "created_at", "executed_at",
        ]  # fmt: skip


class RunSerializer(RowMixin, StrictModelSerializer):
    class Meta:
        model = DispatchRun
        resource, page, sentence = "runs", "admin:rules_dispatchrun_change", run_in_words
        relations = {"requested_by": PERSON}
        collections = {"activity": "activity/?run={}"}
        fields = [
            "id", "trigger", "requested_by", "outcome", "evaluated_at", "started_at", "finished_at", "late_by",
            "rules_evaluated", "instances", "triggered", "succeeded", "failed", "no_data", "errors", "stage_ms",
            "error_message",
        ]  # fmt: skip


class DispatchSerializer(StrictSerializer):
    rule = serializers.UUIDField(required=False, help_text="Only this rule. Default: all rules you can change.")


class IntegrationSerializer(RowMixin, OwnedSerializer):
    """A connection of a person to another system. Its credentials are write-only."""

    config = JSONObjectField(required=False, allow_null=True, help_text="Settings without secrets.")
    credentials = JSONObjectField(
        required=False, allow_null=True, write_only=True,
        help_text="Object, encrypted at rest and never returned. null removes it.",
    )  # fmt: skip
    has_credentials = serializers.SerializerMethodField()

    class Meta:
        model = Integration
        resource, page, sentence = "integrations", "admin:integration", integration_in_words
        relations = {"user": PERSON}
        fields = [
            "id", "user", "integration_type", "status", "config", "credentials", "has_credentials", "last_sync_at",
            "error_message", "created_at", "updated_at",
        ]  # fmt: skip
        read_only_fields = ["created_at", "updated_at"]
        extra_kwargs = {"integration_type": {"max_length": 100}, "error_message": {"max_length": 10_000}}
        validators: list[Any] = []  # the owner may be left out, so the one of a type is checked below

    @extend_schema_field({"type": "boolean", "description": "Whether credentials are stored."})
    def get_has_credentials(self, integration: Integration) -> bool:
        return bool(integration.credentials_encrypted)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "credentials" in attrs:
            require_recent_sign_in(self.context["request"])
            credentials = attrs.pop("credentials")
            attrs["credentials_encrypted"] = seal(credentials) if credentials is not None else None
        elif self.instance and self.instance.credentials_encrypted:
            changed = changed_addresses(self.instance.config, attrs.get("config", self.instance.config))
            if changed:
                raise serializers.ValidationError({"config": [refusal(changed)]})
        return attrs


class SampleSerializer(StrictModelSerializer):
    user = serializers.UUIDField(source="series.user_id", allow_null=True, help_text="Person; null: platform.")
    metric = serializers.CharField(source="series.metric")
    target = serializers.CharField(source="series.target", help_text="Key of the labels.")
    labels = serializers.DictField(child=serializers.CharField(), source="series.labels")

    class Meta:
        model = MetricSample
        fields = ["user", "metric", "target", "labels", "value", "observed_at"]
