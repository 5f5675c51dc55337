"""Proposals as programs read and answer them."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from optimizer.execution.responses import MAX_ANSWERED_EVENTS, RESPONSE_VERBS, SNOOZE_CHOICES
from optimizer.models import OptimizationEvent
from optimizer.proposals.requests import KIND_PHRASES, is_metric
from optimizer.text.proposal import effect_in_words, optimization_in_words
from rules.api.relations import RULE
from rules.authoring.rest_fields import METRIC_SCHEMA
from rules.engine.conditions import Operator
from rules.ingest.samples import MAX_METRIC_NAME, check_target
from smartagent.kernel.coerce import as_number
from smartagent.rest.constraints import AllOrNone
from smartagent.rest.fields import ChoiceField, IdField, NumberField, OwnerField, TextField, TimeField
from smartagent.rest.relations import PERSON
from smartagent.rest.rows import RowMixin
from smartagent.rest.serializers import StrictModelSerializer, StrictSerializer

VERDICT = "improved, unchanged, worse or too_little; empty: not measured yet."
MANY = ("approve", "apply", "dismiss", "roll_back")


@extend_schema_field({"type": ["array", "object", "string", "null"], "items": {}})
class AnythingField(serializers.JSONField):
    """What we or another program wrote there: by ours a list of texts."""


class OptimizationSerializer(RowMixin, StrictModelSerializer):
    recommended_actions = AnythingField(read_only=True)
    verdict = serializers.CharField(read_only=True, help_text=VERDICT)

    class Meta:
        model = OptimizationEvent
        resource, page = "optimizations", "admin:optimizer_optimizationevent_page"
        sentence = optimization_in_words
        relations = {
            "user": PERSON, "rule": RULE, "requested_by": PERSON, "approved_by": PERSON, "decided_by": PERSON,
        }  # fmt: skip
        fields = [
            "id", "user", "rule", "source_event_type", "optimization_action", "strategy", "recommended_actions",
            "parameter_delta", "efficiency_index", "predicted_variance", "predicted_stability", "applied", "status",
            "before", "after", "metric", "target", "operator", "reason", "requested_by", "approved_by", "approved_at",
            "decided_by", "decision_note", "dismissed_until", "expires_at", "applied_at", "ended_at", "error_message",
            "measure_at", "verdict", "created_at",
        ]  # fmt: skip
        read_only_fields = fields


class ChangeSerializer(serializers.Serializer[Any]):
    what = serializers.CharField()
    before = serializers.CharField()
    after = serializers.CharField()


class OperationSerializer(serializers.Serializer[Any]):
    position = serializers.IntegerField(source="step.position")
    operation = serializers.CharField(source="step.operation")
    label = serializers.CharField()  # type: ignore[assignment]
    integration = serializers.UUIDField(source="step.integration_id", allow_null=True)
    parameters = serializers.DictField(source="step.parameters")
    reason = serializers.CharField(source="step.reason")
    expected = serializers.CharField(source="step.expected")
    reversible = serializers.BooleanField()
    status = serializers.CharField(source="step.status", help_text="proposed, running, done, failed, skipped, undone")
    result = serializers.CharField(source="step.result", help_text="What the operation did.")
    error = serializers.CharField(source="step.error")
    changes = ChangeSerializer(many=True, help_text="Changed values; secrets are not shown.")
    finished_at = TimeField(source="step.finished_at", allow_null=True)


class EffectSerializer(serializers.Serializer[Any]):
    verdict = serializers.CharField(help_text=VERDICT)
    words = serializers.CharField()
    before = serializers.FloatField(allow_null=True, help_text="Mean of the day before.")
    after = serializers.FloatField(allow_null=True, help_text="Mean of the day after.")
    difference = serializers.FloatField(allow_null=True)
    p = serializers.FloatField(allow_null=True, help_text="p-value of the Mann-Whitney U test.")
    readings_before = serializers.IntegerField()
    readings_after = serializers.IntegerField()


class OneOptimizationSerializer(OptimizationSerializer):
    advice = AnythingField(read_only=True, help_text="Manual steps.")
    steps = OperationSerializer(many=True, read_only=True, source="shown_steps")
    effect = EffectSerializer(read_only=True, source="effect_shown")

    class Meta(OptimizationSerializer.Meta):
        fields = [*OptimizationSerializer.Meta.fields, "content_hash", "advice", "steps", "effect"]
        read_only_fields = fields


def effect_of(event: OptimizationEvent) -> dict[str, Any]:
    """The result of an optimization, with its numbers."""
    facts = event.effect if isinstance(event.effect, dict) else {}
    return {
        "verdict": event.verdict, "words": effect_in_words(event),
        "readings_before": len(facts.get("before") or []), "readings_after": len(facts.get("after") or []),
    } | {name: as_number(facts.get(f"of_{name}")) for name in ("before", "after", "difference", "p")}  # fmt: skip


class AskSerializer(StrictSerializer):
    constraints = (AllOrNone(("operator", "threshold"), "Give both operator and threshold, or neither."),)

    metric = TextField(max_length=MAX_METRIC_NAME, asks=METRIC_SCHEMA, help_text="Metric to improve.")
    target = TextField(required=False, allow_blank=True, max_length=200, help_text="Type of an integration.")
    user = OwnerField(required=False, help_text="Person, by ID or e-mail. Default: you.")
    operator = ChoiceField(
        choices=Operator.choices,
        required=False,
        help_text="With `threshold`: the condition that counts as bad. Default: condition of a rule.",
    )
    threshold = NumberField(required=False)
    kind = ChoiceField(
        choices=list(KIND_PHRASES), required=False, help_text="manual, or scheduled: in the change window."
    )

    def validate_metric(self, metric: str) -> str:
        if not is_metric(metric):
            raise serializers.ValidationError("Unknown metric.")
        return metric

    def validate_target(self, target: str) -> str:
        try:
            return check_target(target)
        except ValueError as error:
            raise serializers.ValidationError(str(error)) from None


class NotedSerializer(StrictSerializer):
    note = TextField(required=False, allow_blank=True, max_length=2000, help_text="Appears in the timeline.")


class DismissSerializer(NotedSerializer):
    def get_fields(self) -> Any:
        """`for` is a word of Python's."""
        lasts = ChoiceField(
            choices=list(SNOOZE_CHOICES),
            required=False,
            help_text="Default: 7d. The optimization is not proposed again during this time.",
        )
        return super().get_fields() | {"for": lasts}


class ManyAnswersSerializer(DismissSerializer):
    ids = serializers.ListField(child=IdField(), min_length=1, max_length=MAX_ANSWERED_EVENTS)
    verb = ChoiceField(choices=[(verb, RESPONSE_VERBS[verb]) for verb in MANY])


class RefusedAnswerSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    reason = serializers.CharField()


class AnsweredSerializer(serializers.Serializer[Any]):
    done = serializers.ListField(child=serializers.UUIDField(), help_text="Optimizations that were changed.")
    refused = RefusedAnswerSerializer(many=True, help_text="Refused optimizations, with reasons.")


class DryStepSerializer(serializers.Serializer[Any]):
    label = serializers.CharField()  # type: ignore[assignment]
    changes = ChangeSerializer(many=True)
    problem = serializers.CharField(help_text="Obstacle to the operation; empty if there is none.")


class DryRunSerializer(serializers.Serializer[Any]):
    steps = DryStepSerializer(many=True)
