"""The inbox, by REST."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from notifications.feedback import NOTHING_TO_JUDGE, judge_all
from notifications.filters import NotificationFilter
from notifications.models import Notification
from notifications.querysets import NotificationQuerySet
from smartagent.rest.errors import Conflict
from smartagent.rest.fields import FlagField
from smartagent.rest.serializers import StrictModelSerializer, StrictSerializer
from smartagent.rest.views import ReadViewSet


class NotificationSerializer(StrictModelSerializer):
    class Meta:
        model = Notification
        fields = [
            "id", "user", "rule", "type", "title", "message", "severity", "status", "action_url", "metadata",
            "created_at", "read_at", "archived_at",
        ]  # fmt: skip


class Judgement(FlagField):
    """true, false or null."""

    default_error_messages = {"invalid": "Write true (useful), false (noise) or null (neither); without quotes."}


class FeedbackSerializer(StrictSerializer):
    useful = Judgement(allow_null=True, help_text="true: useful; false: noise; null: neither any more.")


class JudgedSerializer(serializers.Serializer[Any]):
    notification = serializers.UUIDField()
    rule = serializers.UUIDField(allow_null=True)
    useful = serializers.BooleanField(allow_null=True, help_text="What you said of it last.")


def count_of(name: str, text: str) -> OpenApiResponse:
    """The description of an answer with one count."""
    properties = {name: {"type": "integer", "minimum": 0}}
    return OpenApiResponse({"type": "object", "required": [name], "properties": properties}, description=text)


@extend_schema_view(
    list=extend_schema(
        summary="List notifications",
        description="Those that you may see, newest first. `whose=mine` leaves your own inbox.",
    ),
    retrieve=extend_schema(summary="Read a notification", description="One notification; it stays as it is."),
)
@extend_schema(tags=["notifications"])
class NotificationViewSet(ReadViewSet):
    queryset = Notification.objects.all()
    serializer_class = NotificationSerializer
    filterset_class = NotificationFilter
    ordering_fields = ("created_at",)

    @extend_schema(
        summary="Mark as read", description="One that was read or archived stays so.", request=None,
        responses=NotificationSerializer,
    )  # fmt: skip
    @action(detail=True, methods=["post"], needs="change")
    def read(self, request: Request, pk: Any = None) -> Response:
        chosen = self._chosen()
        chosen.mark_read(timezone.now())
        return self._answer(chosen)

    @extend_schema(
        summary="Mark as unread", description="Takes it out of the archive too.", request=None,
        responses=NotificationSerializer,
    )  # fmt: skip
    @action(detail=True, methods=["post"], needs="change")
    def unread(self, request: Request, pk: Any = None) -> Response:
        chosen = self._chosen()
        chosen.mark_unread()
        return self._answer(chosen)

    @extend_schema(summary="Archive", description="It counts as read.", request=None, responses=NotificationSerializer)
    @action(detail=True, methods=["post"], needs="change")
    def archive(self, request: Request, pk: Any = None) -> Response:
        chosen = self._chosen()
        chosen.archive(timezone.now())
        return self._answer(chosen)

    @extend_schema(
        summary="Say whether it was useful",
        description="Useful (`true`), noise (`false`), or your judgement taken back (`null`). It belongs to the firing "
        "that told this; the health of the rule counts it.",
        request=FeedbackSerializer, responses={200: JudgedSerializer, 409: OpenApiResponse()},
        examples=[OpenApiExample("Noise", value={"useful": False}, request_only=True)],
    )  # fmt: skip
    @action(detail=True, methods=["post"], needs="rules.add_feedback")
    def feedback(self, request: Request, pk: Any = None) -> Response:
        asked = FeedbackSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        notification, useful = self.get_object(), asked.validated_data["useful"]
        if not judge_all([notification], request.user, useful, timezone.now()):
            raise Conflict(NOTHING_TO_JUDGE)
        facts = {"notification": notification.pk, "rule": notification.rule_id, "useful": useful}
        return Response(JudgedSerializer(facts).data)

    @extend_schema(
        summary="Mark all as read", description="All that is unread in your own inbox.", request=None,
        responses=count_of("marked", "How many were unread."),
    )  # fmt: skip
    @action(detail=False, methods=["post"], needs="change", url_path="read-all")
    def read_all(self, request: Request) -> Response:
        return Response({"marked": self._inbox().mark_read(timezone.now())})

    @extend_schema(
        summary="Count what is unread", description="In your own inbox.",
        responses=count_of("unread", "How many are unread."), filters=False,
    )  # fmt: skip
    @action(detail=False, methods=["get"], url_path="unread-count", pagination_class=None)
    def unread_count(self, request: Request) -> Response:
        return Response({"unread": self._inbox().unread().count()})

    def _inbox(self) -> NotificationQuerySet:
        inbox: NotificationQuerySet = Notification.objects.addressed_to(self.request.user)
        return inbox

    def _chosen(self) -> NotificationQuerySet:
        chosen: NotificationQuerySet = Notification.objects.filter(pk=self.get_object().pk)
        return chosen

    def _answer(self, chosen: NotificationQuerySet) -> Response:
        return Response(self.get_serializer(chosen.get()).data)
