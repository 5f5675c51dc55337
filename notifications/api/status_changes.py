"""REST endpoints that change the status of notifications: read, unread, archive, snooze; one, many, or the inbox."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from notifications.models import Notification
from notifications.models.querysets import NotificationQuerySet
from rules.api.instances import EITHER, requested_until
from rules.instances.handling import SNOOZE_DURATIONS
from smartagent.rest.bulk import MAX_BULK_IDS, IdsField, OutcomesSerializer, answered, outcomes_of
from smartagent.rest.constraints import Absent, Constraint, Where
from smartagent.rest.fields import ChoiceField, TimeField
from smartagent.rest.serializers import StrictSerializer

MARKED_COLUMNS = ("status", "snoozed_until", "read_at", "archived_at")
NO_END_ALLOWED = "Only a snooze has an end; omit this field."


class SnoozeNotificationSerializer(StrictSerializer):
    constraints: tuple[Constraint, ...] = (EITHER,)

    until = TimeField(required=False, help_text="End of the snooze, at most 30 days away.")
    length = ChoiceField(
        choices=[*SNOOZE_DURATIONS, "morning"], required=False,
        help_text="Instead of `until`. morning: 9 a.m. on the next working day in your time zone.",
    )  # fmt: skip


class MarkManySerializer(SnoozeNotificationSerializer):
    constraints = (
        Where("verb", ("snooze",), EITHER),
        Where("verb", ("read", "unread", "archive"), Absent(("until", "length"), NO_END_ALLOWED)),
    )

    ids = IdsField()
    verb = ChoiceField(choices=["read", "unread", "archive", "snooze"])


def count_of(name: str, text: str) -> OpenApiResponse:
    """The description of an answer with one count."""
    properties = {name: {"type": "integer", "minimum": 0}}
    return OpenApiResponse({"type": "object", "required": [name], "properties": properties}, description=text)


def described(summary: str, description: str, request: Any = None) -> Callable[[Any], Any]:
    """The OpenAPI description of a verb; the response is the notification."""
    from_view: Any = extend_schema(summary=summary, description=description, request=request)
    return from_view  # type: ignore[no-any-return]


class MarkingActions:
    """The verbs of marking, for the view of notifications."""

    @described("Mark a notification as read", "Also ends a snooze. Read or archived notifications keep their status.")
    @action(detail=True, methods=["post"], needs="change")
    def read(self, request: Request, pk: Any = None) -> Response:
        return self._one(lambda chosen, now: chosen.mark_read(now))

    @described("Mark a notification as unread", "Also restores the notification from the archive or a snooze.")
    @action(detail=True, methods=["post"], needs="change")
    def unread(self, request: Request, pk: Any = None) -> Response:
        return self._one(lambda chosen, now: chosen.mark_unread(now))

    @described(
        "Archive a notification",
        "Archived notifications count as read and are deleted after the retention period, by default 90 days.",
    )
    @action(detail=True, methods=["post"], needs="change")
    def archive(self, request: Request, pk: Any = None) -> Response:
        return self._one(lambda chosen, now: chosen.archive(now))

    @described(
        "Snooze a notification",
        "A snoozed notification is hidden from the inbox and the unread count, and returns as unread.",
        SnoozeNotificationSerializer,
    )
    @action(detail=True, methods=["post"], needs="change")
    def snooze(self, request: Request, pk: Any = None) -> Response:
        requested = self._requested(SnoozeNotificationSerializer)
        return self._one(lambda chosen, now: chosen.snooze(requested_until(requested, now, self._view().request.user)))

    @extend_schema(
        summary="Mark many notifications", request=MarkManySerializer, responses=OutcomesSerializer,
        description=f"Changes up to {MAX_BULK_IDS:,} notifications that you may change, with an outcome for each.",
        examples=[OpenApiExample("Snooze", request_only=True, value={
            "ids": ["6f0c0a53-6b1c-4c37-9d0c-3f1a5f0b8a11"], "verb": "snooze", "length": "4h"})],
    )  # fmt: skip
    @action(detail=False, methods=["post"], needs="change")
    def mark(self, request: Request) -> Response:
        requested, now = self._requested(MarkManySerializer), timezone.now()
        verbs: dict[str, Callable[[Any], int]] = {
            "read": lambda chosen: chosen.mark_read(now), "unread": lambda chosen: chosen.mark_unread(now),
            "archive": lambda chosen: chosen.archive(now),
            "snooze": lambda chosen: chosen.snooze(requested_until(requested, now, self._view().request.user)),
        }  # fmt: skip
        rows, change = self._view().get_queryset(), verbs[requested["verb"]]
        return answered(outcomes_of(requested["ids"], rows, MARKED_COLUMNS, change, "It has this status already."))

    @extend_schema(
        summary="Mark all notifications as read", request=None,
        responses=count_of("marked", "Number of notifications marked as read."),
        description="All unread notifications in your own inbox; snoozed ones still return.",
    )  # fmt: skip
    @action(detail=False, methods=["post"], needs="change", url_path="read-all")
    def read_all(self, request: Request) -> Response:
        now = timezone.now()
        return Response({"marked": self.inbox().unread(now).mark_read(now)})

    def inbox(self) -> NotificationQuerySet:
        """The inbox of whoever asks."""
        inbox: NotificationQuerySet = Notification.objects.addressed_to(self._view().request.user)
        return inbox

    def _one(self, do: Callable[[NotificationQuerySet, datetime], int]) -> Response:
        view = self._view()
        chosen: NotificationQuerySet = Notification.objects.filter(pk=view.get_object().pk)
        do(chosen, timezone.now())
        return Response(view.get_serializer(chosen.get()).data)

    def _requested(self, kind: type[StrictSerializer]) -> dict[str, Any]:
        requested = kind(data=self._view().request.data)
        requested.is_valid(raise_exception=True)
        return dict(requested.validated_data)

    def _view(self) -> Any:
        return self
