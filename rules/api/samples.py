"""Samples: push one or many, and read them."""

from typing import Any

import django_filters
from django.conf import settings
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework import generics, serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from rules.api.sample_limits import LimitReached, NoRoomForSeries, refuse_beyond_quota
from rules.api.serializers import SampleSerializer
from rules.engine.series_labels import LABEL_NAME, MAX_LABELS, MAX_TARGET
from rules.ingest.batch import InvalidSample, Push
from rules.ingest.intake import Intake
from rules.ingest.receipts import note_receipt
from rules.ingest.samples import METRIC_NAME
from rules.ingest.storage import TooManySeries, store
from rules.models import MetricSample
from smartagent.kernel.token_scopes import TokenScope
from smartagent.models import User
from smartagent.rest.bodies import TakesLarge
from smartagent.rest.errors import TooLarge
from smartagent.rest.fields import SOMEBODY
from smartagent.rest.filter_fields import PersonFilter, TimesFilter
from smartagent.rest.parsers import MAX_BODY_LINES, JSONParser, Lines, LinesParser
from smartagent.rest.views import OwnedView

SAMPLE_SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["metric", "value"],
    "properties": {
        "metric": {"type": "string", "pattern": f"^{METRIC_NAME.pattern}$", "description": "Not a built-in metric."},
        "value": {"type": "number"},
        "observed_at": {"type": "string", "format": "date-time", "description": "Time with zone. Default: now."},
        "target": {
            "type": ["string", "null"],
            "maxLength": MAX_TARGET,
            "description": "Measured object. Default: none.",
        },
        "labels": {
            "type": "object",
            "propertyNames": {"pattern": f"^{LABEL_NAME.pattern}$"},
            "additionalProperties": {"type": "string"},
            "maxProperties": MAX_LABELS,
            "description": "Labels of the series, as in Prometheus. A target is the label target.",
        },
        "user": {
            "type": ["string", "null"],
            **SOMEBODY,
            "description": "Person: ID or e-mail. null: platform.",
        },
    },
}
SAMPLES_SCHEMA = {
    "oneOf": [SAMPLE_SCHEMA, {"type": "array", "items": SAMPLE_SCHEMA, "minItems": 1, "maxItems": MAX_BODY_LINES}]
}
REFUSED_JSON = "JSON (refused)"  # of requests that a limit refused; others are not counted
ACCEPTED_SCHEMA = {"type": "object", "required": ["accepted"], "properties": {"accepted": {"type": "integer"}}}
ONE_SAMPLE_EXAMPLE = OpenApiExample("One", value={"metric": "cpu", "value": 71.5}, request_only=True)
TWO = OpenApiExample(
    "Two",
    value=[
        {"metric": "cpu", "value": 71.5, "observed_at": "2026-03-02T10:00:00Z"},
        {"metric": "cpu", "value": 69, "observed_at": "2026-03-02T10:05:00Z"},
    ],
    request_only=True,
)


class SampleFilter(TimesFilter):
    times = "observed_at"

    metric = django_filters.CharFilter(field_name="series__metric", help_text="Metric name, for example cpu.")
    target = django_filters.CharFilter(field_name="series__target", help_text="Measured object.")
    person = PersonFilter(field_name="series__user")

    class Meta:
        model = MetricSample
        fields: list[str] = []


class SampleView(TakesLarge, generics.ListAPIView[Any], OwnedView):
    scope = TokenScope.INGEST
    queryset = MetricSample.objects.select_related("series").order_by("-observed_at")
    serializer_class = SampleSerializer
    filterset_class = SampleFilter
    ordering_fields = ("observed_at",)
    parser_classes = [JSONParser, LinesParser]

    @extend_schema(
        tags=["samples"], summary="List samples",
        description="Pushed samples, and changes of built-in metrics, newest first.",
    )  # fmt: skip
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(
        operation_id="samples_push",
        tags=["samples"],
        summary="Push samples",
        description=f"One sample, a list, or a sample on each line (application/x-ndjson), "
        f"{MAX_BODY_LINES:,} at most; gzipped "
        "with `Content-Encoding: gzip`. All samples are written or none. A sample of the same person, metric, target "
        "and time replaces the previous one.",
        request={"application/json": SAMPLES_SCHEMA, "application/x-ndjson": {"type": "string", "pattern": r"\S"}},
        responses={
            201: OpenApiResponse(ACCEPTED_SCHEMA, description="Number of written samples."),
        },
        examples=[ONE_SAMPLE_EXAMPLE, TWO],
    )
    def post(self, request: Request) -> Response:
        return Response({"accepted": push(request)}, status=201)

    def handle_exception(self, exc: Exception) -> Response:
        """Count what a limit has refused under received metrics, after its transaction."""
        if isinstance(exc, LimitReached):
            _note(self.request, exc)
        return super().handle_exception(exc)


def push(request: Request) -> int:
    """Validate and store the samples of a request; return their number."""
    data = request.data
    if not isinstance(data, list):
        samples, place = [data], lambda index: ""
    elif isinstance(data, Lines):
        samples, place = data, lambda index: f"line {data.numbers[index]}"
    else:
        samples, place = data, lambda index: f"[{index}]"
    if len(samples) > MAX_BODY_LINES:
        raise TooLarge(f"The request has {len(samples):,} samples; the maximum is {MAX_BODY_LINES:,}.")
    if not samples:
        raise serializers.ValidationError("The body has no samples.")
    caller: User = request.user  # type: ignore[assignment]
    now = timezone.now()
    try:
        rows = Push(caller, now).rows(samples, place)
        refuse_beyond_quota(caller.pk, len(rows), now)
        return store(rows, max_series=settings.MAX_SERIES_PER_PERSON)
    except InvalidSample as wrong:
        raise ValidationError(wrong.errors) from None
    except TooManySeries as refused:
        raise NoRoomForSeries(len(rows), refused.series) from None


def _note(request: Request, refused: LimitReached) -> None:
    """Count what a limit has refused under received metrics."""
    intake = Intake(request.user.pk, timezone.now())
    intake.leave_out(refused.reason, refused.samples, str(refused.detail))
    note_receipt(request.user, REFUSED_JSON, intake)  # type: ignore[arg-type]
