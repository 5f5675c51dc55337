"""The legacy procedures: `/rest/v1/rpc/<name>`, as PostgREST calls functions of the database and answers for them.

Errors are `{"code", "message", "details", "hint"}` with PostgreSQL's and PostgREST's codes.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, ClassVar

from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from notifications.models import Notification
from rules.models import AuditEvent
from smartagent.kernel.token_scopes import TokenScope
from smartagent.legacy_api.bodies import MISSING, CountField
from smartagent.legacy_api.callers import Caller
from smartagent.legacy_api.views import LegacyView
from smartagent.rest.fields import IdField

MAX_HOURS, MAX_ROWS = 24 * 366, 1000
CLEANUP_AFTER = timedelta(days=90)
ANOMALY_COLUMNS = ("id", "user_id", "event_type", "severity", "message", "metadata", "created_at")
CODES = {400: "22023", 401: "PGRST301", 403: "42501", 404: "PGRST202", 405: "PGRST117", 503: "PGRST000"}


class NoArguments(serializers.Serializer[Any]):
    pass


class OfPerson(serializers.Serializer[Any]):
    target_user_id = IdField(required=False, allow_null=True, default=None)


class OfPersonLately(OfPerson):
    hours_back = CountField(MAX_HOURS, required=False, allow_null=True, default=24)


class RecentOfPerson(OfPersonLately):
    limit_count = CountField(MAX_ROWS, required=False, allow_null=True, default=10)


class OneNotification(serializers.Serializer[Any]):
    notification_id = IdField(error_messages=MISSING)


class ProcedureView(LegacyView):
    """Arguments are the body of a POST, or the query of a GET of a procedure that changes nothing."""

    arguments: ClassVar[type[serializers.Serializer[Any]]] = NoArguments
    http_method_names = ["get", "head", "post", "options"]
    changes = False

    @property
    def scope(self) -> TokenScope:
        """What a personal token needs for a call."""
        return TokenScope.WRITE if self.changes else TokenScope.READ

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        if self.changes:
            self.http_method_not_allowed(request)
        return self._answer(request, request.query_params.dict())

    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self._answer(request, dict(request.data))

    def _answer(self, request: Request, given: Mapping[str, Any]) -> Response:
        checked = self.arguments(data=given)
        checked.is_valid(raise_exception=True)
        found = self.call(request.auth, dict(checked.validated_data))  # type: ignore[arg-type]
        return Response(status=204) if found is None else Response(found)

    def call(self, caller: Caller, given: dict[str, Any]) -> Any:
        """What the procedure returns; None for void."""
        raise NotImplementedError

    def error(self, status: int, message: str) -> Mapping[str, Any]:
        return {"code": CODES.get(status, "XX000"), "message": message, "details": None, "hint": None}


class UnknownProcedureView(ProcedureView):
    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        message = f"Could not find the function public.{str(kwargs['name'])[:100]} in the schema cache"
        return Response(self.error(404, message), status=404)

    get = post


class AnomalyCountView(ProcedureView):
    """The anomalies of a person in the last 24 hours; the service role's are those of everyone."""

    arguments = OfPerson

    def call(self, caller: Caller, given: dict[str, Any]) -> int:
        return int(_anomalies(caller, given, 24).count())


class RecentAnomaliesView(ProcedureView):
    arguments = RecentOfPerson

    def call(self, caller: Caller, given: dict[str, Any]) -> list[dict[str, Any]]:
        found = _anomalies(caller, given, given["hours_back"] or 24)
        return list(found.order_by("-created_at", "-pk").values(*ANOMALY_COLUMNS)[: given["limit_count"] or 10])


class IntegrationErrorCountView(ProcedureView):
    arguments = OfPersonLately

    def call(self, caller: Caller, given: dict[str, Any]) -> int:
        return int(_anomalies(caller, given, given["hours_back"] or 24, "integration").count())


class MarkNotificationReadView(ProcedureView):
    arguments, changes = OneNotification, True

    def call(self, caller: Caller, given: dict[str, Any]) -> None:
        rows = Notification.objects.all() if caller.is_service else _inbox(caller)
        rows.filter(pk=given["notification_id"]).mark_read(timezone.now())


class MarkAllNotificationsReadView(ProcedureView):
    changes = True

    def call(self, caller: Caller, given: dict[str, Any]) -> None:
        _inbox(caller).mark_read(timezone.now())


class UnreadNotificationCountView(ProcedureView):
    def call(self, caller: Caller, given: dict[str, Any]) -> int:
        return int(_inbox(caller).unread(timezone.now()).count())


class CleanupOldNotificationsView(ProcedureView):
    """Deletes what was archived long ago, of the caller or, for the service role, of everyone."""

    changes = True

    def call(self, caller: Caller, given: dict[str, Any]) -> int:
        rows = Notification.objects.all() if caller.is_service else _inbox(caller)
        _, deleted = rows.filter(status="archived", archived_at__lt=timezone.now() - CLEANUP_AFTER).delete()
        return int(deleted.get(Notification._meta.label, 0))


PROCEDURES: dict[str, type[ProcedureView]] = {
    "get_anomaly_count": AnomalyCountView,
    "get_recent_anomalies": RecentAnomaliesView,
    "get_integration_error_count": IntegrationErrorCountView,
    "mark_notification_read": MarkNotificationReadView,
    "mark_all_notifications_read": MarkAllNotificationsReadView,
    "get_unread_notification_count": UnreadNotificationCountView,
    "cleanup_old_notifications": CleanupOldNotificationsView,
}


def _inbox(caller: Caller) -> Any:
    """The notifications of the person; of the service role, which is nobody, none."""
    return Notification.objects.addressed_to(caller.person) if caller.person else Notification.objects.none()


def _anomalies(caller: Caller, given: Mapping[str, Any], hours: int, named: str = "") -> Any:
    """The audit events that `anomaly_count` counts (`integration_error_count` those that are so `named`), of the person
    asked for."""
    now = timezone.now()
    found = AuditEvent.objects.filter(
        severity__in=["error", "critical"], created_at__gt=now - timedelta(hours=hours), created_at__lte=now
    )
    if named:
        found = found.filter(event_type__icontains=named)
    if given["target_user_id"] is None:
        return found if caller.is_service else found.filter(user=caller.person)
    return found.filter(user=caller.person_for(given["target_user_id"]))
