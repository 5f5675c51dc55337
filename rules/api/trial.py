"""Backtests of rules by REST, of an unsaved rule or a stored one: the same as beside the form."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from rules.api.serializers import RuleSerializer
from rules.api.why import watched_person
from rules.backtesting.simulation import SimulatedStep
from rules.backtesting.trial import BACKTEST_DAYS, ComputedFrom, Trial, try_out
from rules.engine.states import InstanceState
from rules.models import AutomationRule
from smartagent.kernel.token_scopes import TokenScope
from smartagent.rest.fields import TextField, TimeField
from smartagent.rest.throttling import Previews

MAX_ANSWERED_TRANSITIONS = 1000  # transitions
BACKTEST_EXAMPLE = OpenApiExample(
    "A month of a rule that does not exist yet",
    value={
        "rule_name": "CPU high", "metric_type": "cpu_percent", "condition_operator": ">", "threshold_value": 90,
        "action_type": "alert", "pending_for": "10m", "days": 30,
    },
    request_only=True,
)  # fmt: skip


class DaysField(serializers.ChoiceField):
    """The length of the backtest in days, one of the presets."""

    default_error_messages = {"invalid_choice": "“{input}” is not one of: {choices}."}

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, bool) or not isinstance(data, int | float) or data not in BACKTEST_DAYS:
            self.fail("invalid_choice", input=str(data)[:40], choices=", ".join(map(str, BACKTEST_DAYS)))
        return int(data)


class TrialSerializer(RuleSerializer):
    """A rule, the length of the backtest, and the people."""

    days = DaysField(choices=BACKTEST_DAYS, required=False, default=7, help_text="Length of the backtest, in days.")
    person = TextField(
        required=False,
        max_length=254,
        help_text="Only this person: ID or e-mail. Default: all people the rule watches.",
    )

    class Meta(RuleSerializer.Meta):
        fields = (*RuleSerializer.Meta.fields, "days", "person")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """The unsaved rule, the days, and the id of the person, None for all."""
        days, text = attrs.pop("days", 7), attrs.pop("person", None)
        rule: AutomationRule = self.whole(super().validate(attrs))
        me = self.context["request"].user
        return {"rule": rule, "days": days, "person": None if text is None else watched_person(text, rule, me)}


class TrialStepSerializer(serializers.Serializer[Any]):
    def get_fields(self) -> dict[str, Any]:
        return {
            "at": TimeField(), "from": serializers.ChoiceField(InstanceState.choices),
            "to": serializers.ChoiceField(InstanceState.choices),
            "value": serializers.FloatField(allow_null=True, help_text="The reading of the first condition."),
            "reason": serializers.CharField(allow_blank=True),
        }  # fmt: skip


class TrialOutcomeSerializer(serializers.Serializer[Any]):
    days = serializers.IntegerField()
    start = TimeField()
    end = TimeField()
    fired = serializers.IntegerField(help_text="Number of times the rule would have fired.")
    notified = serializers.IntegerField(help_text="Number of actions, including repeats, without suppressed ones.")
    people = serializers.IntegerField(help_text="Number of people the rule would have fired for.")
    person = serializers.UUIDField(help_text="Person whose transitions are listed: the one with the most alerts.")
    transitions = TrialStepSerializer(many=True, help_text=f"The first {MAX_ANSWERED_TRANSITIONS:,}.")
    truncated = serializers.BooleanField(help_text="Whether there were more transitions.")
    sentence = serializers.CharField()
    computed_from = serializers.ChoiceField(
        ComputedFrom.choices, help_text="Roll-ups are used where the result is that of the samples."
    )
    dropped_until = TimeField(
        allow_null=True,
        help_text="Until then samples are no longer kept, so that nothing was computed. Null: all are kept.",
    )


class TrialActions:
    """`trial`, for an unsaved or stored rule, for the view of rules."""

    @extend_schema(
        operation_id=(
            "rules_trial"
        ), summary="Backtest a rule", request=TrialSerializer, responses=TrialOutcomeSerializer,
        description=(
            "Backtests a rule over the last 1, 7 or 30 days with the code of the evaluation, including "
            "silences and repeats. The rule is not created."
        ),
        examples=[BACKTEST_EXAMPLE],
    )  # fmt: skip
    @action(
        detail=False,
        methods=["post"],
        needs="add",
        scope=TokenScope.READ,
        url_path="trial",
        url_name="trial-of-new",
        throttle_classes=[Previews],
    )
    def trial_of_new(self, request: Request) -> Response:
        return _answer(TrialSerializer(data=request.data, context={"request": request}))

    @extend_schema(
        operation_id="rules_trial_of_stored", summary="Backtest a stored rule",
        request=TrialSerializer(partial=True), responses=TrialOutcomeSerializer,
        description="Backtests the rule, or the rule with the fields sent. Silences count. Changes nothing.",
    )  # fmt: skip
    @action(detail=True, methods=["post"], needs="add", scope=TokenScope.READ, throttle_classes=[Previews])
    def trial(self, request: Request, pk: Any = None) -> Response:
        rule = self.get_object()  # type: ignore[attr-defined]
        return _answer(TrialSerializer(rule, data=request.data, partial=True, context={"request": request}))


def _answer(requested: TrialSerializer) -> Response:
    requested.is_valid(raise_exception=True)
    rule, days, person = (requested.validated_data[name] for name in ("rule", "days", "person"))
    try:
        trial = try_out(rule, days, timezone.now(), person, everybody=person is None)
    except ValueError as error:
        raise ValidationError({"detail": [str(error)]}) from None
    return Response(TrialOutcomeSerializer(_facts(trial)).data)


def _facts(trial: Trial) -> dict[str, Any]:
    return {
        "days": trial.days, "start": trial.start, "end": trial.end, "fired": trial.counted.fired,
        "notified": trial.counted.notified, "people": trial.counted.people, "person": trial.person.pk,
        "transitions": [_step(made) for made in trial.transitions[:MAX_ANSWERED_TRANSITIONS]],
        "truncated": len(trial.transitions) > MAX_ANSWERED_TRANSITIONS, "sentence": trial.sentence,
        "computed_from": trial.computed_from, "dropped_until": trial.dropped_until,
    }  # fmt: skip


def _step(made: SimulatedStep) -> dict[str, Any]:
    change = made.transition
    return {"at": made.at, "from": change.old, "to": change.new, "value": made.value, "reason": change.reason}
