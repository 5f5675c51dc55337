"""What other programs have sent by their protocols, by REST."""

from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from rules.filters.receipts import ReceiptFilter
from rules.models import MetricReceipt
from smartagent.rest.views import OwnedView


class ReceiptSerializer(serializers.ModelSerializer[MetricReceipt]):
    not_kept = serializers.SerializerMethodField(help_text="Number of what was not kept, by reason.")

    class Meta:
        model = MetricReceipt
        fields = ["user", "protocol", "requests", "samples", "not_kept", "example", "last_at", "refused_at"]
        read_only_fields = fields

    @extend_schema_field({"type": "object", "additionalProperties": {"type": "integer"}})
    def get_not_kept(self, receipt: MetricReceipt) -> dict[str, int]:
        return dict(receipt.not_kept)


class ReceiptsView(generics.ListAPIView[Any], OwnedView):
    queryset = MetricReceipt.objects.order_by("-last_at", "-id")
    serializer_class = ReceiptSerializer
    filterset_class = ReceiptFilter
    ordering_fields = ("last_at",)

    @extend_schema(
        tags=["samples"], summary="List received metrics",
        description="Requests of your tokens by remote write, OTLP, line protocol and Alertmanager's webhook: what was "
        "stored, and what was not.",
    )  # fmt: skip
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)
