"""The policy of the optimizer, and the scoreboard, by REST."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from notifications.api.preferences import PERIOD
from notifications.routing.preferences import checked_periods
from optimizer.measurement.scoreboard import of_operations, of_strategies
from optimizer.models import OptimizationEvent, OptimizerPolicy
from optimizer.policy.change_window import is_open
from optimizer.policy.changes import FIELDS, MAX_CHANGES_PER_DAY, MAX_REQUIRED_SUCCESSES, change, locked_policy, switch
from optimizer.policy.trust_report import standings
from smartagent.kernel.token_scopes import TokenScope
from smartagent.rest.etags import VersionedThingMixin
from smartagent.rest.fields import ZONE, ChoiceField, FlagField, FloatField, TextField, TimeField, WholeNumberField
from smartagent.rest.serializers import StrictSerializer
from smartagent.rest.views import StrictView
from smartagent.shell.time_zone_field import choices

STOP_EXAMPLE = OpenApiExample("Stop everything", value={"stopped": True}, request_only=True)


@extend_schema_field({"type": "array", "maxItems": 20, "items": PERIOD})
class WindowField(serializers.Field):  # type: ignore[type-arg]
    """Periods of weekdays, in the zone of the window."""

    def to_internal_value(self, data: Any) -> Any:
        try:
            return checked_periods(data)
        except ValueError as error:
            raise serializers.ValidationError(str(error)) from None

    def to_representation(self, value: Any) -> Any:
        return value


class OptimizerPolicySerializer(StrictSerializer):
    stopped = FlagField(help_text="True: no optimizations are approved or applied.")
    automatic_per_day = WholeNumberField(min_value=0, max_value=MAX_CHANGES_PER_DAY, help_text="Maximum per person.")
    trusted_after = WholeNumberField(
        min_value=0, max_value=MAX_REQUIRED_SUCCESSES, help_text="Required approved successes."
    )
    trusted_rate = FloatField(min_value=0, max_value=1, help_text="Minimum success rate, 0 to 1.")
    needs_another = FlagField(help_text="Neither the affected person nor the owner of the rule can approve.")
    undo_worse = FlagField(help_text="Roll back changes that made the metric worse.")
    on_failure = ChoiceField(choices=OptimizerPolicy.OnFailure.choices)
    window = WindowField(help_text="When scheduled optimizations are applied; empty: always.")
    window_zone = TextField(max_length=64, asks=ZONE, help_text="For example Europe/Berlin.")

    def validate_window_zone(self, zone: str) -> str:
        if zone not in dict(choices()):
            raise serializers.ValidationError("Not a time zone. Example: Europe/Berlin.")
        return zone


class StandingSerializer(serializers.Serializer[Any]):
    strategy = serializers.CharField(source="kind")
    trusted = serializers.SerializerMethodField()
    why_not = serializers.CharField(
        help_text="Reason that optimizations of this strategy need approval; empty if they do not."
    )

    def get_trusted(self, standing: Any) -> bool:
        return not standing.why_not


class OptimizerPolicyStandsSerializer(OptimizerPolicySerializer):
    updated_at = TimeField(allow_null=True)
    window_is_open = serializers.BooleanField()
    strategies = StandingSerializer(many=True)


class ScoreSerializer(serializers.Serializer[Any]):
    kind = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    proposed = serializers.IntegerField()
    applied = serializers.IntegerField()
    improved = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    worse = serializers.IntegerField()
    too_little = serializers.IntegerField()
    failed = serializers.IntegerField()
    rolled_back = serializers.IntegerField()
    dismissed = serializers.IntegerField()
    expired = serializers.IntegerField()
    rate = serializers.FloatField(allow_null=True, help_text="Percent improved, of the measured optimizations.")


class ScoreboardSerializer(serializers.Serializer[Any]):
    strategies = ScoreSerializer(many=True)
    operations = ScoreSerializer(many=True)


@extend_schema(tags=["optimizations"])
class PolicyView(VersionedThingMixin, StrictView):
    queryset, scope = OptimizerPolicy.objects.all(), TokenScope.ADMIN
    versioned = ("stopped", *FIELDS)

    def stored(self, request: Request, *, lock: bool) -> OptimizerPolicy:
        return locked_policy() if lock else OptimizerPolicy.current()

    @extend_schema(
        summary="Read the automation policy", responses=OptimizerPolicyStandsSerializer,
        description="The guard-rails, and the current automation of each strategy.",
    )  # fmt: skip
    def get(self, request: Request, *args: Any) -> Response:
        return self.read(request, self._answer)

    @extend_schema(
        summary="Replace the automation policy",
        description="Replaces the whole policy.",
        request=OptimizerPolicySerializer,
        responses=OptimizerPolicyStandsSerializer,
    )
    def put(self, request: Request, *args: Any) -> Response:
        return self._keep(request, partial=False)

    @extend_schema(
        summary="Update the automation policy",
        description="Changes the given fields; `stopped` stops the optimizer at once.",
        request=OptimizerPolicySerializer(partial=True), responses=OptimizerPolicyStandsSerializer,
        examples=[STOP_EXAMPLE],
    )  # fmt: skip
    def patch(self, request: Request, *args: Any) -> Response:
        return self._keep(request, partial=True)

    def _keep(self, request: Request, *, partial: bool) -> Response:
        requested = OptimizerPolicySerializer(data=request.data, partial=partial)
        requested.is_valid(raise_exception=True)
        return self.edit(request, lambda: _change(dict(requested.validated_data), request.user), self._answer)

    def _answer(self) -> Response:
        policy: Any = OptimizerPolicy.current()
        policy.window_is_open = is_open(policy.window, policy.window_zone, timezone.now())
        policy.strategies = standings(policy)
        return Response(OptimizerPolicyStandsSerializer(policy).data)


def _change(values: dict[str, Any], by: Any) -> None:
    now, stopped = timezone.now(), values.pop("stopped", None)
    if stopped is not None:
        switch(stopped, by, now)
    if values:
        change(values, by, now)


@extend_schema(tags=["optimizations"])
class ScoreboardView(StrictView):
    needs = "optimizer.view_optimizationevent"

    @extend_schema(
        summary="Read strategy performance", responses=ScoreboardSerializer,
        description="Results by strategy and by operation, of the optimizations that you may see.",
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        events = OptimizationEvent.objects.visible_to(request.user)
        found = {"strategies": of_strategies(events), "operations": of_operations(events)}
        return Response(ScoreboardSerializer(found).data)
