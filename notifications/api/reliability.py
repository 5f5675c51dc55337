"""The reliability of deliveries, and its goal, by REST."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from notifications.models import ReliabilityGoal
from notifications.reliability.failures import last_failures
from notifications.reliability.figures import PERIODS, Row, budget_left, reliability_of
from notifications.reliability.goal import (
    GOAL_FIELDS,
    MAX_PERCENT,
    MAX_SECONDS,
    MIN_PERCENT,
    VIEW_GOAL,
    change_goal,
    locked_goal,
    markable,
)
from notifications.reliability.self_tests import last_runs
from smartagent.kernel.token_scopes import TokenScope
from smartagent.rest.etags import VersionedThingMixin
from smartagent.rest.fields import FloatField, IdField, TimeField, WholeNumberField
from smartagent.rest.serializers import StrictSerializer
from smartagent.rest.views import StrictView

MAX_TEST_CHANNELS = 50
NOT_YOURS = "Only your own enabled channels, and those that are chosen already, can be test channels."
GOAL_EXAMPLE = OpenApiExample("A goal", value={"percent": 99.9, "seconds": 30}, request_only=True)


class ReliabilityGoalSerializer(StrictSerializer):
    percent = FloatField(min_value=MIN_PERCENT, max_value=MAX_PERCENT, help_text="Of the deliveries.")
    seconds = WholeNumberField(min_value=1, max_value=MAX_SECONDS, help_text="Within which they arrive.")

    test_channels = serializers.ListField(
        child=IdField(), max_length=MAX_TEST_CHANNELS,
        help_text="Channels to which the self-test sends: your own enabled ones, and those that are chosen already.",
    )  # fmt: skip


class ReliabilityGoalStandsSerializer(ReliabilityGoalSerializer):
    updated_at = TimeField(allow_null=True)


class PeriodSerializer(serializers.Serializer[Any]):
    delivered = serializers.IntegerField()
    late = serializers.IntegerField(help_text="Delivered after the goal.")
    failed = serializers.IntegerField()
    overdue = serializers.IntegerField(help_text="Still due, after the goal.")
    success_rate = serializers.FloatField(allow_null=True, help_text="Percent delivered, of those that have ended.")
    on_time_rate = serializers.FloatField(allow_null=True, help_text="Percent delivered within the goal, of all.")
    p50 = serializers.FloatField(allow_null=True, help_text="Seconds until half of them had arrived.")
    p95 = serializers.FloatField(allow_null=True)


class PeriodsSerializer(serializers.Serializer[Any]):
    def get_fields(self) -> dict[str, Any]:
        return {name: PeriodSerializer() for name in PERIODS}


class LeftSerializer(serializers.Serializer[Any]):
    def get_fields(self) -> dict[str, Any]:
        return {name: serializers.FloatField(allow_null=True) for name in PERIODS}


class KindFiguresSerializer(serializers.Serializer[Any]):
    kind = serializers.CharField()
    name = serializers.CharField()
    periods = PeriodsSerializer()


class ChannelFiguresSerializer(KindFiguresSerializer):
    channel = serializers.UUIDField()
    owner = serializers.CharField()


class FailureSerializer(serializers.Serializer[Any]):
    delivery = serializers.UUIDField(source="pk")
    title = serializers.CharField()
    channel_name = serializers.CharField()
    kind = serializers.CharField()
    cause = serializers.CharField()
    created_at = TimeField()


class StageSerializer(serializers.Serializer[Any]):
    stage = serializers.CharField()
    status = serializers.ChoiceField(choices=["passed", "failed", "skipped", "no test channel"])
    milliseconds = serializers.FloatField(allow_null=True, help_text="Null where it was not tried.")
    error = serializers.CharField(help_text="Empty where it passed.")


class SelfTestRunSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    trigger = serializers.ChoiceField(choices=["schedule", "command"])
    started_at = TimeField()
    finished_at = TimeField()
    passed = serializers.IntegerField(help_text="Stages that passed.")
    failed = serializers.IntegerField()
    stages = StageSerializer(many=True)


class ReliabilitySerializer(serializers.Serializer[Any]):
    goal = ReliabilityGoalStandsSerializer()
    total = PeriodsSerializer()
    budget_left = LeftSerializer(
        help_text="Percent of the error budget, below zero where it is exceeded; null without deliveries."
    )
    kinds = KindFiguresSerializer(many=True)
    channels = ChannelFiguresSerializer(many=True, help_text="Those with the most failed and late deliveries.")
    failures = FailureSerializer(many=True, help_text="The last ones.")
    self_tests = SelfTestRunSerializer(many=True, help_text="The last runs, newest first.")


@extend_schema(tags=["deliveries"])
class ReliabilityView(StrictView):
    needs = VIEW_GOAL

    @extend_schema(
        summary="Read the reliability of deliveries", responses=ReliabilitySerializer,
        description="Figures over 24 hours, 7 and 30 days, of everybody. For operators, auditors and administrators.",
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        goal, now = ReliabilityGoal.current(), timezone.now()
        found = reliability_of(goal.seconds, now)
        left = {name: budget_left(figures, goal.percent) for name, figures in found.total.periods.items()}
        answer = {
            "goal": goal, "total": found.total.periods, "budget_left": left, "kinds": found.kinds,
            "channels": [_channel(row) for row in found.channels], "failures": last_failures(now),
            "self_tests": last_runs(now),
        }  # fmt: skip
        return Response(ReliabilitySerializer(answer).data)


def _channel(row: Row) -> dict[str, Any]:
    channel: Any = row.channel
    return {
        "channel": channel.pk, "owner": str(channel.user), "kind": row.kind, "name": row.name, "periods": row.periods,
    }  # fmt: skip


@extend_schema(tags=["deliveries"])
class ReliabilityGoalView(VersionedThingMixin, StrictView):
    queryset, scope = ReliabilityGoal.objects.all(), TokenScope.ADMIN
    versioned = GOAL_FIELDS

    def stored(self, request: Request, *, lock: bool) -> ReliabilityGoal:
        return locked_goal() if lock else ReliabilityGoal.current()

    @extend_schema(summary="Read the reliability goal", responses=ReliabilityGoalStandsSerializer)
    def get(self, request: Request, *args: Any) -> Response:
        return self.read(request, _stored_goal)

    @extend_schema(
        summary="Update the reliability goal", request=ReliabilityGoalSerializer(partial=True),
        responses=ReliabilityGoalStandsSerializer, examples=[GOAL_EXAMPLE], description="Changes the given fields.",
    )  # fmt: skip
    def patch(self, request: Request, *args: Any) -> Response:
        requested = ReliabilityGoalSerializer(data=request.data, partial=True)
        requested.is_valid(raise_exception=True)
        values = dict(requested.validated_data)
        if "test_channels" in values:
            values["test_channels"] = sorted({str(key) for key in values["test_channels"]})
            offered = {
                str(key) for key in markable(ReliabilityGoal.current(), request.user).values_list("pk", flat=True)
            }
            if not offered.issuperset(values["test_channels"]):
                raise serializers.ValidationError({"test_channels": [NOT_YOURS]})
        return self.edit(request, lambda: change_goal(values, request.user, timezone.now()), _stored_goal)


def _stored_goal() -> Response:
    return Response(ReliabilityGoalStandsSerializer(ReliabilityGoal.current()).data)
