"""Silences: list, create, read, update, end, preview."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema, extend_schema_view
from rest_framework import mixins
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from rules.api.silence_serializers import (
    SILENCE_ENDED,
    CoverageSerializer,
    EndedSerializer,
    PreviewSerializer,
    SilenceSerializer,
    refuse_over,
)
from rules.filters.silences import SilenceFilter
from rules.models import Silence
from rules.silences.coverage import covered
from rules.silences.lifecycle import end
from rules.silences.windows import upcoming
from smartagent.kernel.scope import has_everyone
from smartagent.kernel.token_scopes import TokenScope
from smartagent.rest.bulk import MAX_BULK_IDS, ManySerializer, changed_count, ids_in, outcomes_of
from smartagent.rest.errors import Conflict
from smartagent.rest.etags import VersionedMixin
from smartagent.rest.throttling import Previews, Silences
from smartagent.rest.views import ReadViewSet

WINDOWS_PREVIEWED = 5
ONE_TIME_EXAMPLE = OpenApiExample(
    "For four hours",
    value={
        "comment": "Database upgrade", "labels": {"team": "db"}, "starts_at": "2026-03-02T10:00:00Z",
        "ends_at": "2026-03-02T14:00:00Z",
    },
    request_only=True,
)  # fmt: skip
WEEKLY_EXAMPLE = OpenApiExample(
    "Every night from Saturday to Sunday",
    value={
        "comment": "Backups", "metric": "cpu", "starts_at": "2026-03-07T21:00:00Z", "ends_at": "2026-05-30T22:00:00Z",
        "recurrence": "FREQ=WEEKLY;BYDAY=SA", "duration": "8h", "time_zone": "Europe/Berlin",
    },
    request_only=True,
)  # fmt: skip
CONFLICT = {409: OpenApiResponse()}


@extend_schema_view(
    list=extend_schema(
        summary="List silences",
        description="Silences you can access, latest start first. `state=on`: active silences.",
    ),
    retrieve=extend_schema(summary="Read a silence", description="One silence, with its active or next window."),
    create=extend_schema(
        summary="Create a silence",
        description=(
            "Matches instances by rule, metric, person and labels. While active, instances are evaluated and "
            "logged but nobody is notified; alerts that still fire at the end are notified then. The maximum "
            "duration depends on your role."
        ),
        examples=[ONE_TIME_EXAMPLE, WEEKLY_EXAMPLE],
    ),
    partial_update=extend_schema(
        summary="Update a silence",
        description="Updates only the fields sent. An ended silence cannot be changed.",
        examples=[OpenApiExample("Longer", value={"ends_at": "2026-03-02T16:00:00Z"}, request_only=True)],
        responses={200: SilenceSerializer} | CONFLICT,
    ),
)  # fmt: skip
@extend_schema(tags=["silences"])
class SilenceViewSet(VersionedMixin, mixins.CreateModelMixin, mixins.UpdateModelMixin, ReadViewSet):
    queryset = Silence.objects.select_related("created_by")
    serializer_class = SilenceSerializer
    filterset_class = SilenceFilter
    throttle_classes = [Silences]
    ordering_fields = ("starts_at", "ends_at", "created_at")
    http_method_names = ["get", "head", "options", "post", "patch"]

    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        refuse_over(self.get_object())
        return super().partial_update(request, *args, **kwargs)

    @extend_schema(
        summary=(
            "End a silence"
        ), description="Ends the silence now. Alerts that still fire are notified at the next evaluation.",
        request=None, responses={200: SilenceSerializer} | CONFLICT,
    )  # fmt: skip
    @action(detail=True, methods=["post"], needs="change")
    def end(self, request: Request, pk: Any = None) -> Response:
        silence = self.get_object()
        if not end(Silence.objects.filter(pk=silence.pk), request.user, timezone.now()):
            raise Conflict(SILENCE_ENDED)
        return Response(self.again(silence))

    @extend_schema(
        operation_id="silences_end_many", summary="End many silences", request=ManySerializer,
        responses=EndedSerializer, description=f"Ends up to {MAX_BULK_IDS} silences now, with an outcome for each.",
    )  # fmt: skip
    @action(detail=False, methods=["post"], needs="change", url_path="end", url_name="end-many")
    def end_many(self, request: Request) -> Response:
        ids, now = ids_in(request), timezone.now()
        results = outcomes_of(
            ids, self.get_queryset(), ["cancelled_at"], lambda some: end(some, request.user, now), SILENCE_ENDED
        )  # fmt: skip
        return Response(EndedSerializer({"ended": changed_count(results), "results": results}).data)

    @extend_schema(
        summary="Preview a silence", description="Current matches and next windows. Saves nothing.",
        request=PreviewSerializer, responses=CoverageSerializer, examples=[ONE_TIME_EXAMPLE, WEEKLY_EXAMPLE],
    )  # fmt: skip
    @action(
        detail=False, methods=["post"], needs="add", scope=TokenScope.READ, serializer_class=PreviewSerializer,
        throttle_classes=[Previews],
    )  # fmt: skip
    def preview(self, request: Request) -> Response:
        requested = PreviewSerializer(data=request.data, context=self.get_serializer_context())
        requested.is_valid(raise_exception=True)
        silence = requested.would_be(requested.validated_data)
        seen = covered(silence, owner=None if has_everyone(request.user, "view") else request.user.pk)
        facts = {name: getattr(seen, name) for name in ("rules", "instances", "firing", "listing")}
        facts |= {"words": str(seen), "windows": upcoming(silence, timezone.now(), WINDOWS_PREVIEWED)}
        return Response(CoverageSerializer(facts).data)
