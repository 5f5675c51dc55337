"""The inbox, by REST."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from notifications.api.status_changes import MarkingActions, count_of
from notifications.api.trace import DeliveriesAction
from notifications.filters import NotificationFilter
from notifications.inbox.feedback import NOTHING_TO_JUDGE, judge_all
from notifications.inbox.trace import notification_in_words
from notifications.models import Notification
from notifications.models.querysets import cut_texts
from rules.api.relations import RULE
from smartagent.rest.errors import Conflict
from smartagent.rest.fields import FlagField
from smartagent.rest.relations import PERSON
from smartagent.rest.rows import RowMixin
from smartagent.rest.serializers import StrictModelSerializer, StrictSerializer
from smartagent.rest.views import ReadViewSet


class NotificationSerializer(RowMixin, StrictModelSerializer):
    class Meta:
        model = Notification
        resource, page = "notifications", "admin:notifications_notification_change"
        sentence = notification_in_words
        relations = {"user": PERSON, "rule": RULE}
        collections = {"deliveries": "notifications/{}/deliveries/"}
        fields = [
            "id", "user", "rule", "type", "title", "message", "severity", "status", "action_url", "metadata",
            "created_at", "read_at", "archived_at", "snoozed_until",
        ]  # fmt: skip


class Judgement(FlagField):
    """true, false or null."""

    default_error_messages = {"invalid": "Use true (useful), false (noise) or null (no feedback), without quotes."}


class FeedbackSerializer(StrictSerializer):
    useful = Judgement(allow_null=True, help_text="true: useful; false: noise; null: no feedback.")


class JudgedSerializer(serializers.Serializer[Any]):
    notification = serializers.UUIDField()
    rule = serializers.UUIDField(allow_null=True)
    useful = serializers.BooleanField(allow_null=True, help_text="Your last feedback.")


@extend_schema_view(
    list=extend_schema(
        summary="List notifications",
        description="Notifications that you may see, newest first. `whose=mine`: only your own inbox. A "
        "snoozed notification has a `snoozed_until` in the future and becomes unread when the "
        "snooze ends. Titles are cut after 1,000 and messages after 20,000 characters; a single notification has "
        "them whole.",
    ),
    retrieve=extend_schema(
        summary="Read a notification", description="One notification. Reading does not change its status."
    ),
)
@extend_schema(tags=["notifications"])
class NotificationViewSet(MarkingActions, DeliveriesAction, ReadViewSet):
    queryset = Notification.objects.all()
    serializer_class = NotificationSerializer
    filterset_class = NotificationFilter
    ordering_fields = ("created_at",)

    def get_queryset(self) -> Any:
        found: Any = super().get_queryset()
        return found.for_a_list() if self.action == "list" else found

    def paginate_queryset(self, queryset: Any) -> Any:
        page = super().paginate_queryset(queryset)
        cut_texts(page or ())
        return page

    @extend_schema(
        summary="Give feedback on a notification",
        description="`true`: useful, `false`: noise, `null`: clear the feedback. Feedback counts in the "
            "health of the rule.",
        request=FeedbackSerializer, responses={200: JudgedSerializer, 409: OpenApiResponse()},
        examples=[OpenApiExample("Noise", value={"useful": False}, request_only=True)],
    )  # fmt: skip
    @action(detail=True, methods=["post"], needs="rules.add_feedback")
    def feedback(self, request: Request, pk: Any = None) -> Response:
        requested = FeedbackSerializer(data=request.data)
        requested.is_valid(raise_exception=True)
        notification, useful = self.get_object(), requested.validated_data["useful"]
        if not judge_all([notification], request.user, useful, timezone.now()):
            raise Conflict(NOTHING_TO_JUDGE)
        facts = {"notification": notification.pk, "rule": notification.rule_id, "useful": useful}
        return Response(JudgedSerializer(facts).data)

    @extend_schema(
        summary="Count unread notifications", description="Unread notifications in your own inbox, "
            "without snoozed ones.",
        responses=count_of("unread", "Number of unread notifications."), filters=False,
    )  # fmt: skip
    @action(detail=False, methods=["get"], url_path="unread-count", pagination_class=None)
    def unread_count(self, request: Request) -> Response:
        return Response({"unread": self.inbox().unread(timezone.now()).count()})
