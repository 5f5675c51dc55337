"""Escalation policies and what is on its way, by REST."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.urls import reverse
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import serializers

from notifications.api.relations import POLICY
from notifications.escalations.phrases import escalation_in_words, policy_in_words
from notifications.escalations.steps import MAX_ESCALATION_STEPS, MAX_REPEATS, EscalationStep, read
from notifications.escalations.validation import count_problem, kept, step_problems
from notifications.filters import EscalationFilter, PolicyFilter
from notifications.models import Escalation, EscalationPolicy
from rules.api.relations import RULE, STATE
from smartagent.kernel.durations import format_duration
from smartagent.rest.fields import DurationField, TextField
from smartagent.rest.relations import PERSON
from smartagent.rest.rows import RowMixin
from smartagent.rest.serializers import StrictModelSerializer, StrictSerializer
from smartagent.rest.views import WITHOUT_PUT, ReadViewSet, WriteViewSet

NAME_TAKEN = "A policy with this name already exists. Choose another name."
SAY = {"after": "Enter a waiting time, for example 15m.", "to": 'Enter the recipients, for example ["owner"].'}
NAME_IS_FIXED = "Rules refer to the policy by its name, so it cannot be changed."
RECIPIENT = r"^\s*(\S*@\S*|[0-9a-fA-F-]{36}|[a-zA-Z_]+|group:.*\S.*|channel:.*\S.*)\s*$"
POLICY_EXAMPLE = {
    "name": "Nights", "repeats": 1,
    "steps": [{"after": "15m", "to": ["ada@example.com"]}, {"after": "30m", "to": ["group:operators"]}],
}  # fmt: skip


class StepSerializer(StrictSerializer):
    after = DurationField(help_text="Waiting time after the previous step.")
    to = serializers.ListField(
        child=TextField(max_length=300, asks={"pattern": RECIPIENT}),
        min_length=1,
        help_text="E-mails, owner, group:NAME, channel:NAME or channel:E-MAIL/NAME.",
    )

    def to_internal_value(self, data: Any) -> Any:
        """A step is given whole, also where the policy is changed only in part."""
        given = data if isinstance(data, Mapping) else {}
        if missing := {name: [message] for name, message in SAY.items() if name not in given}:
            raise serializers.ValidationError(missing)
        return super().to_internal_value(data)


class StepsField(serializers.ListField):
    """The steps, in their order."""

    default_error_messages = {"not_a_list": 'Use a list of steps: [{{"after": "15m", "to": ["ada@example.com"]}}].'}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"child": StepSerializer()} | kwargs)
        self.asks = {"minItems": 1, "maxItems": MAX_ESCALATION_STEPS}

    def to_representation(self, data: Any) -> list[dict[str, Any]]:
        return [{"after": format_duration(step.after), "to": list(step.to)} for step in read(data)]

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, list) and (problem := count_problem(data)):  # before each is read
            raise serializers.ValidationError(problem)
        rows = super().to_internal_value(data)
        return [EscalationStep(row["after"], tuple(row["to"])) for row in rows]


class PolicySerializer(RowMixin, StrictModelSerializer):
    steps = StepsField(help_text=f"1 to {MAX_ESCALATION_STEPS} of them.")
    repeats = serializers.IntegerField(
        min_value=0, max_value=MAX_REPEATS, required=False, help_text="Number of times all steps are repeated."
    )

    class Meta:
        model = EscalationPolicy
        resource, page = "escalation-policies", "admin:notifications_escalationpolicy_page"
        sentence = policy_in_words
        relations = {"user": PERSON}
        collections: ClassVar[dict[str, str]] = {"escalations": "escalations/?policy={row.name}"}
        fields = ["id", "user", "name", "steps", "repeats", "created_at", "updated_at"]
        read_only_fields = ["user", "created_at", "updated_at"]
        extra_kwargs: dict[str, Any] = {"name": {"validators": []}}

    def validate_name(self, name: str) -> str:
        name = name.strip()
        if self.instance is not None and name != self.instance.name:
            raise serializers.ValidationError(NAME_IS_FIXED)
        if self.instance is None and EscalationPolicy.objects.filter(name=name).exists():
            raise serializers.ValidationError(NAME_TAKEN)
        return name

    def validate_steps(self, steps: list[EscalationStep]) -> list[dict[str, Any]]:
        maker = self.context["request"].user
        owner = self.instance.user if self.instance is not None else maker
        problems = [step_problems(step, owner, maker) for step in steps]
        if any(problems):
            raise serializers.ValidationError(problems)
        return kept(steps, owner)

    def create(self, validated_data: Any) -> Any:
        return super().create({"user": self.context["request"].user} | validated_data)


def page_of_escalation(escalation: Escalation) -> str:
    """The page of the alert that is escalated."""
    return reverse("admin:rules_rulestate_page", args=[escalation.state_id])


class EscalationSerializer(RowMixin, StrictModelSerializer):
    steps = StepsField()

    class Meta:
        model = Escalation
        resource, page, sentence = "escalations", page_of_escalation, escalation_in_words
        relations = {"policy": POLICY, "rule": RULE, "state": STATE}
        fields = [
            "id", "policy", "policy_name", "rule", "state", "episode", "title", "message", "severity", "steps",
            "repeats", "step", "round", "status", "cause", "due_at", "created_at", "ended_at",
        ]  # fmt: skip


@extend_schema_view(
    list=extend_schema(summary="List escalation policies",
    description="Escalation policies that you may see, by name."),
    retrieve=extend_schema(summary="Read an escalation policy", description="One policy with its steps."),
    create=extend_schema(
        summary="Create an escalation policy",
        description="If nobody acknowledges an alert, the steps notify further recipients. A rule selects "
            "the policy by `action_config.escalation`.",
        examples=[OpenApiExample("Two steps", value=POLICY_EXAMPLE, request_only=True)],
    ),
    partial_update=extend_schema(
        summary="Update an escalation policy", description="Escalations in progress keep the steps they started with."
    ),
    destroy=extend_schema(summary="Delete an escalation policy", description="Escalations in progress continue."),
)  # fmt: skip
@extend_schema(tags=["escalation"])
class PolicyViewSet(WriteViewSet):
    queryset = EscalationPolicy.objects.all()
    serializer_class = PolicySerializer
    filterset_class = PolicyFilter
    ordering_fields = ("name", "created_at")
    http_method_names = WITHOUT_PUT


@extend_schema_view(
    list=extend_schema(
        summary="List escalations", description="Escalations of your rules, in progress and ended, newest first."
    ),
    retrieve=extend_schema(summary="Read an escalation", description="One escalation with its steps and its progress."),
)
@extend_schema(tags=["escalation"])
class EscalationViewSet(ReadViewSet):
    queryset = Escalation.objects.all()
    serializer_class = EscalationSerializer
    filterset_class = EscalationFilter
    ordering_fields = ("created_at",)
