"""Data sources and metric queries by REST: create, read, update, test, delete."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from rules.api.data_source_serializers import DataSourceSerializer
from rules.api.metric_query_serializers import MetricQuerySerializer
from rules.api.probe_serializers import ProbeSerializer, QueryTrialSerializer
from rules.data_sources.changes import StillWatched, delete_query, delete_source
from rules.data_sources.probe import probe, try_query
from rules.filters.data_sources import DataSourceFilter, MetricQueryFilter
from rules.models import DataSource, MetricQuery
from smartagent.kernel.token_scopes import TokenScope
from smartagent.rest.errors import Conflict
from smartagent.rest.throttling import Previews
from smartagent.rest.views import WITHOUT_PUT, WriteViewSet

WITH_LOCK = {409: OpenApiResponse(description="A rules file manages it, or rules watch it.")}
SOURCE_EXAMPLE = OpenApiExample(
    "Mimir",
    value={
        "name": "mimir", "address": "https://mimir.example.com/prometheus", "authentication": "bearer",
        "token": "glc_1234", "headers": {"X-Scope-OrgID": "team-a"}, "person_label": "user",
    },
    request_only=True,
)  # fmt: skip
QUERY_EXAMPLE = OpenApiExample(
    "Errors by job",
    value={
        "name": "http_errors", "source": "mimir", "unit": "per second",
        "expression": 'sum by (job) (rate(http_requests_total{code=~"5.."}[5m]))',
    },
    request_only=True,
)  # fmt: skip


class ManagedViewSet(WriteViewSet):
    """Refuses to change what a rules file manages."""

    scope = TokenScope.ADMIN
    http_method_names = WITHOUT_PUT

    def get_object(self) -> Any:
        found = super().get_object()
        if found.provisioned_by and self.action in ("partial_update", "destroy"):
            raise Conflict(f"The file {found.provisioned_by} manages this. Edit the file and apply it again.")
        return found


@extend_schema_view(
    list=extend_schema(summary="List data sources", description="Servers with the HTTP API of Prometheus, by name."),
    retrieve=extend_schema(
        summary="Read a data source",
        description="With what the last evaluation found. Secrets are not returned, only whether they are set.",
    ),
    create=extend_schema(
        summary="Create a data source", examples=[SOURCE_EXAMPLE],
        description="Prometheus, Thanos, Mimir, VictoriaMetrics: servers with `/api/v1/query`. Secrets are encrypted.",
    ),
    partial_update=extend_schema(
        summary="Update a data source", responses={200: DataSourceSerializer} | WITH_LOCK,
        description="Updates only the fields sent. A new address needs the secrets again.",
        examples=[OpenApiExample("Off", value={"enabled": False}, request_only=True)],
    ),
    destroy=extend_schema(
        summary="Delete a data source", responses={204: None} | WITH_LOCK,
        description="Deletes the source with its queries. Refused while rules watch them.",
    ),
)  # fmt: skip
@extend_schema(tags=["data sources"])
class DataSourceViewSet(ManagedViewSet):
    queryset = DataSource.objects.all()
    sealed_columns = ("sealed",)
    serializer_class = DataSourceSerializer
    filterset_class = DataSourceFilter
    ordering_fields = ("name", "created_at", "last_success_at", "last_error_at")

    def perform_destroy(self, instance: DataSource) -> None:
        try:
            delete_source(instance, self.request.user, timezone.now())
        except StillWatched as error:
            raise Conflict(str(error)) from None

    @extend_schema(
        summary="Test a data source", request=None, responses=ProbeSerializer,
        description="Asks the source a query now, as an evaluation does. Stores nothing.",
    )  # fmt: skip
    @action(detail=True, methods=["post"], needs="change", throttle_classes=[Previews], commits_in_steps=True)
    def test(self, request: Request, pk: Any = None) -> Response:
        return Response(ProbeSerializer(probe(self.get_object(), timezone.now())).data)


@extend_schema_view(
    list=extend_schema(summary="List metric queries", description="Metrics that data sources compute, by name."),
    retrieve=extend_schema(summary="Read a metric query", description="One query with its expression."),
    create=extend_schema(
        summary="Create a metric query", examples=[QUERY_EXAMPLE],
        description="Rules watch the query as the metric of its name. It is asked at each evaluation.",
    ),
    partial_update=extend_schema(
        summary="Update a metric query", responses={200: MetricQuerySerializer} | WITH_LOCK,
        description="Updates only the fields sent. The name cannot be changed while rules watch the metric.",
        examples=[OpenApiExample("Unit", value={"unit": "ms"}, request_only=True)],
    ),
    destroy=extend_schema(
        summary="Delete a metric query", responses={204: None} | WITH_LOCK,
        description="Refused while rules watch the metric.",
    ),
)  # fmt: skip
@extend_schema(tags=["data sources"])
class MetricQueryViewSet(ManagedViewSet):
    queryset = MetricQuery.objects.select_related("source")
    serializer_class = MetricQuerySerializer
    filterset_class = MetricQueryFilter
    ordering_fields = ("name", "created_at")

    def perform_destroy(self, instance: MetricQuery) -> None:
        try:
            delete_query(instance, self.request.user, timezone.now())
        except StillWatched as error:
            raise Conflict(str(error)) from None

    @extend_schema(
        summary="Test a metric query", request=None, responses=QueryTrialSerializer,
        description="Asks the source now, as an evaluation does; the response has the first series. Stores nothing.",
    )  # fmt: skip
    @action(detail=True, methods=["post"], needs="change", throttle_classes=[Previews], commits_in_steps=True)
    def test(self, request: Request, pk: Any = None) -> Response:
        return Response(QueryTrialSerializer(try_query(self.get_object(), timezone.now())).data)
