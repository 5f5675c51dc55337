"""Channels by REST: made, changed, deleted and tried out; and the kinds that there are."""

from typing import Any

from django.conf import settings
from django.http import JsonResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from notifications.api.attempt_serializers import AttemptSerializer
from notifications.api.channel_serializers import ChannelSerializer
from notifications.channels import ChannelKind
from notifications.channels.credentials import known_of, make
from notifications.channels.webhook_schema import schema
from notifications.delivery.breaker_notices import reset
from notifications.delivery.channel_setup import NotInUse, save, try_out
from notifications.filters import ChannelFilter
from notifications.models import Channel
from notifications.registries import channels
from smartagent.rest.errors import Conflict
from smartagent.rest.views import StrictView, WriteViewSet

EXAMPLES = [
    OpenApiExample(
        "Webhook", request_only=True,
        value={"kind": "webhook", "name": "ops", "settings": {"url": "https://example.com/hook"}},
    ),
    OpenApiExample(
        "E-mail", request_only=True,
        value={"kind": "email", "name": "on call", "settings": {"to": "oncall@example.com"}},
    ),
]  # fmt: skip
WITH_CONFLICT = {409: OpenApiResponse()}


class TestSerializer(AttemptSerializer):
    delivery = serializers.UUIDField(source="delivery_id")

    class Meta(AttemptSerializer.Meta):
        fields = [*AttemptSerializer.Meta.fields, "delivery"]


class MadeKeySerializer(serializers.Serializer[Any]):
    setting = serializers.CharField(help_text="Its name among the settings.")
    secret = serializers.CharField(help_text="It is shown only this once.")


@extend_schema_view(
    list=extend_schema(summary="List channels", description="The channels that you may see, in their order."),
    retrieve=extend_schema(summary="Read a channel", description="One channel; of its secrets only whether they are."),
    create=extend_schema(
        summary="Make a channel", examples=EXAMPLES,
        description="Errors of settings stand under their names: `settings.url`. Messages that wait for a channel go "
        "out by it.",
    ),
    partial_update=extend_schema(
        summary="Change a channel",
        description="Changes the fields and the settings that are sent, and no others; its breaker is closed.",
        examples=[OpenApiExample("Off", value={"enabled": False}, request_only=True)],
    ),
    destroy=extend_schema(summary="Delete a channel", description="Its secrets go with it; its deliveries stay."),
)  # fmt: skip
@extend_schema(tags=["channels"])
class ChannelViewSet(WriteViewSet):
    queryset = Channel.objects.select_related("user")
    serializer_class = ChannelSerializer
    filterset_class = ChannelFilter
    ordering_fields = ("position", "name", "created_at")
    http_method_names = ["get", "head", "options", "post", "patch", "delete"]

    @extend_schema(
        summary="Try a channel out", request=None, responses={200: TestSerializer} | WITH_CONFLICT,
        description="Sends a real message by the way of all messages, at once; the answer is the attempt, with what "
        "really came of it.",
    )  # fmt: skip
    @action(detail=True, methods=["post"], needs="change")
    def test(self, request: Request, pk: Any = None) -> Response:
        try:
            attempt = try_out(self.get_object(), str(request.user), timezone.now())
        except NotInUse as error:
            raise Conflict(str(error)) from None
        return Response(TestSerializer(attempt).data)

    @extend_schema(
        summary="Use a broken channel again", request=None, responses=ChannelSerializer,
        description="Closes its breaker; what waits is sent.",
    )  # fmt: skip
    @action(detail=True, methods=["post"], needs="change", url_path="close-breaker")
    def close_breaker(self, request: Request, pk: Any = None) -> Response:
        channel = self.get_object()
        reset(channel)
        return Response(self.again(channel))

    @extend_schema(
        summary="Make a new signing key", request=None, responses={200: MadeKeySerializer} | WITH_CONFLICT,
        description="For kinds with a secret that we can make. The key before signs too, until `old_key` is set to "
        "null.",
    )  # fmt: skip
    @action(detail=True, methods=["post"], needs="change", url_path="new-key")
    def new_key(self, request: Request, pk: Any = None) -> Response:
        channel = self.get_object()
        kind = channels.find(channel.kind)
        name = next(iter(kind.makes), None) if kind else None
        if kind is None or name is None:
            raise Conflict("Channels of this kind have no secret that we could make.")
        values = known_of(channel)
        secret = make(kind, name, values)
        save(channel, values, timezone.now())
        return Response({"setting": name, "secret": secret}, headers={"Cache-Control": "no-store"})


class KindFieldSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    help = serializers.CharField()
    required = serializers.BooleanField()  # type: ignore[assignment]
    secret = serializers.BooleanField()
    max_length = serializers.IntegerField(allow_null=True)


class KindSerializer(serializers.Serializer[Any]):
    kind = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    help = serializers.CharField()
    fields = KindFieldSerializer(many=True)  # type: ignore[assignment]


class ChannelKindsView(StrictView):
    needs = "notifications.view_channel"

    @extend_schema(
        operation_id="channel_kinds", tags=["channels"], summary="List the kinds of channel",
        description="Each with the settings that it asks for.", responses=KindSerializer(many=True),
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        return Response([described(kind) for kind in channels])


class WebhookSchemaView(StrictView):
    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="webhook_schema", tags=["channels"], summary="The schema of webhooks", auth=[],
        description="What a channel of the kind webhook posts, as a JSON Schema.",
        responses={(200, "application/schema+json"): OpenApiTypes.OBJECT},
    )  # fmt: skip
    def get(self, request: Request) -> JsonResponse:
        return JsonResponse(schema(f"{settings.SITE_URL}/api/webhook-schema/"), content_type="application/schema+json")


def described(kind: ChannelKind) -> dict[str, Any]:
    """A kind, and the fields of its form."""
    fields = [
        {
            "name": name, "label": str(field.label), "help": str(field.help_text), "required": field.required,
            "secret": name in kind.secrets, "max_length": getattr(field, "max_length", None),
        }
        for name, field in kind.form.base_fields.items()
    ]  # fmt: skip
    return {"kind": kind.kind, "label": kind.label, "help": kind.help, "fields": fields}
