"""Changes of the configuration: list, read, undo."""

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_field, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from rules.configuration.listing import changes_of, kind_of, names_of, sentence_of, visible_changes
from rules.configuration.undo import is_sensitive, undo
from rules.configuration.undo_plan import CannotUndo, MayNotUndo
from rules.filters.configuration import ConfigurationFilter
from rules.models import ActivityEntry
from smartagent.kernel.token_scopes import TokenScope
from smartagent.rest.errors import Conflict
from smartagent.rest.rows import RowMixin
from smartagent.rest.serializers import StrictModelSerializer
from smartagent.rest.token_scopes import InsufficientScope
from smartagent.rest.views import ReadViewSet


class ChangedValueSerializer(serializers.Serializer[Any]):
    """One value that changed, in readable form. Of a secret only the label."""

    name = serializers.CharField(help_text="Name of the field, as pages show it.")
    old = serializers.CharField(allow_blank=True, help_text="Empty of a secret.")
    new = serializers.CharField(allow_blank=True, help_text="Empty of a secret.")
    secret = serializers.BooleanField()


class ConfigurationChangeSerializer(RowMixin, StrictModelSerializer):
    kind = serializers.SerializerMethodField(help_text="Kind of the object, for example rule or channel.")
    object = serializers.SerializerMethodField(help_text="ID of the object; null of events that name none.")
    name = serializers.SerializerMethodField(help_text="Name of the object at that time.")
    by = serializers.SerializerMethodField(help_text="ID of who made the change; null of a file or command.")
    by_name = serializers.SerializerMethodField(help_text="Name of who made the change.")
    changes = serializers.SerializerMethodField(help_text="The values that changed.")

    class Meta:
        model = ActivityEntry
        resource, page, sentence = "configuration-changes", "admin:configuration_change", sentence_of
        fields = ["id", "created_at", "kind", "event_type", "object", "name", "by", "by_name", "changes"]

    def get_kind(self, entry: ActivityEntry) -> str:
        return kind_of(entry)

    def get_object(self, entry: ActivityEntry) -> str | None:
        return _fact(entry, "object")

    def get_name(self, entry: ActivityEntry) -> str | None:
        return _fact(entry, "name")

    def get_by(self, entry: ActivityEntry) -> str | None:
        return _fact(entry, "by")

    def get_by_name(self, entry: ActivityEntry) -> str | None:
        return _fact(entry, "by_name")

    @extend_schema_field(ChangedValueSerializer(many=True))
    def get_changes(self, entry: ActivityEntry) -> Any:
        names = self.context["names"]
        if names is None:
            names = names_of([entry], self.context["request"].user)
        return [
            {"name": each.label, "old": each.old, "new": each.new, "secret": each.secret}
            for each in changes_of(entry, names)
        ]


def _fact(entry: ActivityEntry, name: str) -> str | None:
    found = entry.context.get(name) if isinstance(entry.context, dict) else None
    return str(found) if found else None


@extend_schema_view(
    list=extend_schema(
        summary="List configuration changes",
        description=(
            "Who changed which rule, channel, policy, preference, integration, silence, data source, role or token, "
            "from what to what; newest first. They are entries of the activity log. Secrets are named, never shown."
        ),
    ),
    retrieve=extend_schema(summary="Read a configuration change", description="One change, with its values."),
)
@extend_schema(tags=["configuration"])
class ConfigurationChangeViewSet(ReadViewSet):
    queryset = ActivityEntry.objects.all()
    serializer_class = ConfigurationChangeSerializer
    filterset_class = ConfigurationFilter
    ordering_fields = ("created_at",)

    def get_queryset(self) -> QuerySet[Any]:
        if getattr(self, "swagger_fake_view", False):
            return super().get_queryset()
        return visible_changes(self.request.user)

    def paginate_queryset(self, queryset: Any) -> Any:
        page = super().paginate_queryset(queryset)
        self.names = names_of(page or [], self.request.user)
        return page

    def get_serializer_context(self) -> dict[str, Any]:
        return super().get_serializer_context() | {"names": getattr(self, "names", None)}

    @extend_schema(
        summary="Undo a configuration change",
        description=(
            "Gives the changed fields their former values, as a new change of yours. A deleted rule comes back from "
            "the recycle bin, paused; a created object is deleted where nothing refers to it. Secrets are not "
            "restored. 403 where you may not change the object; 409 with the reason where it was changed since, is "
            "gone, or cannot be undone. People, groups, tokens, data sources, metric queries and the automation "
            "policy need the scope `admin`."
        ),
        request=None,
        responses={204: OpenApiResponse(), 409: OpenApiResponse()},
    )
    @action(detail=True, methods=["post"], needs="view")
    def undo(self, request: Request, pk: Any = None) -> Response:
        entry, scopes = self.get_object(), getattr(request.auth, "scopes", None)
        if is_sensitive(entry) and scopes is not None and TokenScope.ADMIN not in scopes:
            raise InsufficientScope(TokenScope.ADMIN, scopes)
        try:
            undo(entry, request.user, timezone.now())
        except MayNotUndo as reason:
            raise PermissionDenied(str(reason)) from None
        except CannotUndo as reason:
            raise Conflict(str(reason)) from None
        return Response(status=204)
