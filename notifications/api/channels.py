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
from smartagent.rest.views import WITHOUT_PUT, StrictView, WriteViewSet

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
    setting = serializers.CharField(help_text="Name of the setting.")
    secret = serializers.CharField(help_text="Shown only once.")


@extend_schema_view(
    list=extend_schema(summary="List channels", description="Channels that you may see, by position."),
    retrieve=extend_schema(
        summary="Read a channel", description="Secrets are not returned, only whether they are set."
    ),
    create=extend_schema(
        summary="Create a channel", examples=EXAMPLES,
        description="Errors of settings are keyed by their names: `settings.url`. Notifications waiting for "
            "a channel are sent by it.",
    ),
    partial_update=extend_schema(
        summary="Update a channel",
        description="Changes only the given fields and settings, and closes the circuit breaker of the channel.",
        examples=[OpenApiExample("Off", value={"enabled": False}, request_only=True)],
    ),
    destroy=extend_schema(summary="Delete a channel", description="Deletes the channel and its secrets; "
        "its deliveries are kept."),
)  # fmt: skip
@extend_schema(tags=["channels"])
class ChannelViewSet(WriteViewSet):
    queryset = Channel.objects.select_related("user")
    serializer_class = ChannelSerializer
    filterset_class = ChannelFilter
    sealed_columns = ("sealed",)
    ordering_fields = ("position", "name", "created_at")
    http_method_names = WITHOUT_PUT

    @extend_schema(
        summary="Test a channel", request=None, responses={200: TestSerializer} | WITH_CONFLICT,
        description="Sends a real notification at once; the response is the attempt with its result.",
    )  # fmt: skip
    @action(detail=True, methods=["post"], needs="change", commits_in_steps=True)
    def test(self, request: Request, pk: Any = None) -> Response:
        try:
            attempt = try_out(self.get_object(), str(request.user), timezone.now())
        except NotInUse as error:
            raise Conflict(str(error)) from None
        return Response(TestSerializer(attempt).data)

    @extend_schema(
        summary="Retry a failing channel", request=None, responses=ChannelSerializer,
        description="Closes the circuit breaker of the channel; waiting notifications are sent.",
    )  # fmt: skip
    @action(detail=True, methods=["post"], needs="change", url_path="close-breaker")
    def close_breaker(self, request: Request, pk: Any = None) -> Response:
        channel = self.get_object()
        reset(channel)
        return Response(self.again(channel))

    @extend_schema(
        summary="Create a new signing key", request=None, responses={200: MadeKeySerializer} | WITH_CONFLICT,
        description="For channel types with a generated secret. The previous key also signs until `old_key` "
            "is set to null.",
    )  # fmt: skip
    @action(detail=True, methods=["post"], needs="change", url_path="new-key")
    def new_key(self, request: Request, pk: Any = None) -> Response:
        channel = self.get_object()
        kind = channels.find(channel.kind)
        name = next(iter(kind.makes), None) if kind else None
        if kind is None or name is None:
            raise Conflict("Channels of this type have no generated secret.")
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


class ChannelKindSerializer(serializers.Serializer[Any]):
    kind = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    help = serializers.CharField()
    fields = KindFieldSerializer(many=True)  # type: ignore[assignment]


class ChannelKindsView(StrictView):
    needs = "notifications.view_channel"

    @extend_schema(
        operation_id="channel_kinds", tags=["channels"], summary="List channel types",
        description="Each channel type with its settings.", responses=ChannelKindSerializer(many=True),
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        return Response([described(kind) for kind in channels])


class WebhookSchemaView(StrictView):
    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="webhook_schema", tags=["channels"], summary="Read the schema of webhook messages", auth=[],
        description="JSON Schema of the messages that a webhook channel posts.",
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
