"""The ledger by REST: every delivery with its attempts, as a list or as CSV, and sent again, one or many."""

from typing import Any

from django.http import StreamingHttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from notifications.api.attempt_serializers import AttemptSerializer
from notifications.api.relations import CHANNEL, DELIVERY, NOTIFICATION
from notifications.delivery.csv_export import as_csv
from notifications.filters import DeliveryFilter
from notifications.inbox.trace import delivery_in_words
from notifications.models import Delivery
from rules.api.relations import RULE
from smartagent.rest.bulk import MAX_BULK_IDS, IdsField, ItemOutcomeSerializer, changed_count, outcomes_of
from smartagent.rest.constraints import ExactlyOne, NotTogether
from smartagent.rest.errors import Conflict
from smartagent.rest.fields import ChoiceField, IdField, TimeField
from smartagent.rest.relations import PERSON
from smartagent.rest.rows import RowMixin
from smartagent.rest.serializers import StrictModelSerializer, StrictSerializer
from smartagent.rest.views import ReadViewSet

NOT_AGAIN = "The notification is being sent or was delivered, or its channel is disabled."


class DeliverySerializer(RowMixin, StrictModelSerializer):
    class Meta:
        model = Delivery
        resource, page, sentence = "deliveries", "admin:notifications_delivery_change", delivery_in_words
        relations = {
            "user": PERSON, "notification": NOTIFICATION, "rule": RULE, "channel": CHANNEL, "bundle": DELIVERY,
        }  # fmt: skip
        fields = [
            "id", "user", "notification", "rule", "channel", "channel_name", "kind", "title", "severity", "reason",
            "status", "cause", "due_at", "attempt_count", "expires_at", "bundle", "created_at", "settled_at",
        ]  # fmt: skip


class DeliveryWithAttemptsSerializer(DeliverySerializer):
    attempts = AttemptSerializer(many=True, source="in_order")

    class Meta(DeliverySerializer.Meta):
        fields = [*DeliverySerializer.Meta.fields, "attempts"]


class ResendSerializer(StrictSerializer):
    constraints = (
        ExactlyOne(("since", "ids"), "Give either since or ids."),
        NotTogether("ids", "channel", "Deliveries are named by their ids; omit the channel."),
        NotTogether("ids", "status", "Deliveries are named by their ids; omit the status."),
    )

    since = TimeField(required=False, help_text="Deliveries created at this time or later.")
    ids = IdsField(required=False, help_text="Only these deliveries.")
    channel = IdField(required=False, help_text="Only deliveries of this channel.")
    status = ChoiceField(
        required=False, choices=[("dead", "failed"), ("skipped", "not sent")],
        help_text="With `since`. dead: failed, the default; skipped: not sent.",
    )  # fmt: skip


class ResentSerializer(serializers.Serializer[Any]):
    resent = serializers.IntegerField(help_text="Number of resent deliveries.")
    results = ItemOutcomeSerializer(many=True, help_text="An outcome for each of `ids`.")


@extend_schema_view(
    list=extend_schema(summary="List deliveries", description="Deliveries that you may see, newest first."),
    retrieve=extend_schema(
        summary="Read a delivery", description="One delivery with its attempts.",
        responses=DeliveryWithAttemptsSerializer,
    ),
)  # fmt: skip
@extend_schema(tags=["deliveries"])
class DeliveryViewSet(ReadViewSet):
    queryset = Delivery.objects.select_related("channel")
    serializer_class = DeliverySerializer
    filterset_class = DeliveryFilter
    ordering_fields = ("created_at",)

    def lists(self, request: Request) -> bool:
        return self.action in ("list", "export")

    def get_serializer_class(self) -> Any:
        return DeliveryWithAttemptsSerializer if self.action == "retrieve" else super().get_serializer_class()

    @extend_schema(
        summary="Resend a delivery",
        description="Resends a failed or skipped delivery with the same ID, so that receivers can detect duplicates.",
        request=None, responses={200: DeliverySerializer, 409: OpenApiResponse()},
    )  # fmt: skip
    @action(detail=True, methods=["post"], needs="change")
    def resend(self, request: Request, pk: Any = None) -> Response:
        delivery = self.get_object()
        if not Delivery.objects.filter(pk=delivery.pk).resend(timezone.now()):
            raise Conflict(NOT_AGAIN)
        return Response(self.again(delivery))

    @extend_schema(
        operation_id="deliveries_resend_all", summary="Resend many deliveries",
        description=f"Resends up to {MAX_BULK_IDS} deliveries by their ids, with an outcome for each, or all that "
            "failed since a time. Deliveries of disabled channels are not resent.",
        request=ResendSerializer, responses=ResentSerializer,
        examples=[OpenApiExample("Since ten", value={"since": "2026-03-02T10:00:00Z"}, request_only=True)],
    )  # fmt: skip
    @action(detail=False, methods=["post"], needs="change", url_path="resend")
    def resend_all(self, request: Request) -> Response:
        requested = ResendSerializer(data=request.data)
        requested.is_valid(raise_exception=True)
        given, now = requested.validated_data, timezone.now()
        if "ids" in given:
            results = outcomes_of(
                given["ids"], self.get_queryset(), ["status"], lambda some: some.resend(now), NOT_AGAIN
            )  # fmt: skip
            return Response(ResentSerializer({"resent": changed_count(results), "results": results}).data)
        status = given.get("status", "dead")
        chosen = self.get_queryset().filter(status=status, created_at__gte=given["since"])
        if "channel" in given:
            chosen = chosen.filter(channel=given["channel"])
        return Response({"resent": chosen.resend(now), "results": []})  # type: ignore[attr-defined]

    @extend_schema(
        operation_id="deliveries_export", summary="Export deliveries as CSV",
        description="Takes the filters of the list.",
        responses={(200, "text/csv"): OpenApiTypes.STR},
    )  # fmt: skip
    @action(detail=False, methods=["get"], url_path="export", pagination_class=None)
    def export(self, request: Request) -> StreamingHttpResponse:
        return as_csv(self.filter_queryset(self.get_queryset()))  # type: ignore[arg-type]
