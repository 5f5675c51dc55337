"""Optimizations, by REST."""

from drf_spectacular.utils import extend_schema, extend_schema_field, extend_schema_view
from rest_framework import serializers

from optimizer.filters import OptimizationFilter
from optimizer.models import OptimizationEvent
from smartagent.rest.serializers import StrictModelSerializer
from smartagent.rest.views import ReadViewSet


@extend_schema_field({"type": "array", "items": {}})
class StepsField(serializers.JSONField):
    """The recommended actions, in order."""


class OptimizationSerializer(StrictModelSerializer):
    recommended_actions = StepsField(allow_null=True, read_only=True)

    class Meta:
        model = OptimizationEvent
        fields = [
            "id", "user", "rule", "source_event_type", "optimization_action", "strategy", "recommended_actions",
            "parameter_delta", "efficiency_index", "predicted_variance", "predicted_stability", "applied", "status",
            "before", "after", "created_at",
        ]  # fmt: skip


@extend_schema_view(
    list=extend_schema(
        summary="List optimizations",
        description="What was proposed, and what became of it, newest first. `status=proposed` gives what waits.",
    ),
    retrieve=extend_schema(summary="Read an optimization", description="One proposal, with its recommended actions."),
)
@extend_schema(tags=["optimizations"])
class OptimizationViewSet(ReadViewSet):
    queryset = OptimizationEvent.objects.all()
    serializer_class = OptimizationSerializer
    filterset_class = OptimizationFilter
    ordering_fields = ("created_at",)
