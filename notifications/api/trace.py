"""The trace of a notification by REST: each person the caller may see, each channel, and the outcome."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from notifications.inbox.trace import ChannelTrace, where_it_went
from notifications.models import Delivery, DeliveryAttempt, Notification
from smartagent.rest.serializers import StrictModelSerializer

STANDS = [*Notification.Status.values, "snoozed"]


class TrySerializer(StrictModelSerializer):
    class Meta:
        model = DeliveryAttempt
        fields = [
            "id", "number", "outcome", "code", "milliseconds", "excerpt", "error", "started_at", "finished_at",
        ]  # fmt: skip


class WaySerializer(StrictModelSerializer):
    cause = serializers.CharField(help_text="Explanation of the status; empty if there is nothing to add.")
    attempts = TrySerializer(many=True)

    class Meta:
        model = Delivery
        fields = [
            "id", "channel", "channel_name", "kind", "reason", "status", "cause", "attempt_count", "due_at",
            "expires_at", "bundle", "created_at", "settled_at", "attempts",
        ]  # fmt: skip

    def to_representation(self, instance: ChannelTrace) -> dict[str, Any]:
        return super().to_representation(instance.delivery) | {"cause": instance.why}


class ReachedSerializer(serializers.Serializer[Any]):
    notification = serializers.UUIDField(source="notification.pk")
    user = serializers.UUIDField(source="notification.user_id", allow_null=True)
    inbox = serializers.ChoiceField(choices=STANDS, help_text="Status in the inbox of that person.")
    deliveries = WaySerializer(source="ways", many=True)


class DeliveriesAction:
    """The trace as an action of the view of notifications."""

    @extend_schema(
        summary="Trace a notification", responses=ReachedSerializer(many=True), filters=False,
        description="Each person notified by the same activity entry, as far as you may see them, the "
            "recipient of this notification first; and each channel with its outcome or the reason " "for not sending.",
    )  # fmt: skip
    @action(detail=True, methods=["get"], needs="notifications.view_delivery", pagination_class=None)
    def deliveries(self, request: Request, pk: Any = None) -> Response:
        view: Any = self
        reached = where_it_went(view.get_object(), request.user, timezone.now())
        return Response(ReachedSerializer(reached, many=True).data)
