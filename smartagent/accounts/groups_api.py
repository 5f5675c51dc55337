"""Groups by REST: the four roles are fixed, further groups are for recipients and permissions of one's own."""

import re
from typing import Any, ClassVar

from django.contrib.auth.models import Group
from django.db.models import Count, QuerySet
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.permissions import SAFE_METHODS

from smartagent.accounts.group_changes import FIXED_GROUPS, beyond, change_group, create_group, delete_group
from smartagent.accounts.phrases import group_in_words, people_in
from smartagent.kernel.token_scopes import TokenScope
from smartagent.rest.errors import Conflict
from smartagent.rest.fields import TextField
from smartagent.rest.rows import RowMixin
from smartagent.rest.serializers import StrictModelSerializer
from smartagent.rest.views import WITHOUT_PUT, WriteViewSet

GROUP_NAME = r"^[A-Za-z0-9][A-Za-z0-9 _.-]*$"


class PermissionsField(serializers.ListField):
    """Permissions as app.verb_model."""

    child = TextField(max_length=150)
    default_error_messages = {"unknown": "You cannot give the permission “{name}”. GET /api/me/ lists those you have."}

    def to_representation(self, data: Any) -> list[str]:
        return sorted(f"{each.content_type.app_label}.{each.codename}" for each in data.all())

    def to_internal_value(self, data: Any) -> Any:
        names = super().to_internal_value(data)
        for name in beyond(self.context["request"].user, names):
            self.fail("unknown", name=name[:100])
        return names


def page_of_group(group: Group) -> str:
    """The list of its people."""
    return f"{reverse('admin:smartagent_user_changelist')}?groups__id__exact={group.pk}"


class GroupSerializer(RowMixin, StrictModelSerializer):
    name = TextField(max_length=150, asks={"pattern": GROUP_NAME}, help_text="Letters, digits, spaces, _ . and -.")
    permissions = PermissionsField(required=False, help_text="As app.verb_model; only permissions that you have.")
    people = serializers.SerializerMethodField(help_text="Number of people.")
    is_fixed = serializers.SerializerMethodField(help_text="True for the roles, which cannot be changed.")

    class Meta:
        model = Group
        fields = ["id", "name", "permissions", "people", "is_fixed"]
        resource, page, sentence = "groups", page_of_group, group_in_words
        collections: ClassVar[dict[str, str]] = {"people": "people/?group={row.name}"}

    def get_people(self, group: Any) -> int:
        return people_in(group)

    def get_is_fixed(self, group: Group) -> bool:
        return group.name in FIXED_GROUPS

    def validate_name(self, name: str) -> str:
        if not re.fullmatch(GROUP_NAME[1:-1], name):
            raise ValidationError("Use letters, digits, spaces, _ . and -, with a letter or digit first.")
        own: Any = getattr(self.instance, "pk", None)
        if Group.objects.filter(name__iexact=name).exclude(pk=own).exists():
            raise ValidationError("A group with this name already exists.")
        return name

    def create(self, validated_data: Any) -> Any:
        permissions = validated_data.get("permissions", [])
        return create_group(validated_data["name"], permissions, self._user, timezone.now())

    def update(self, instance: Any, validated_data: Any) -> Any:
        name, permissions = validated_data.get("name"), validated_data.get("permissions")
        change_group(instance, name, permissions, self._user, timezone.now())
        return instance

    @property
    def _user(self) -> Any:
        return self.context["request"].user


WITH_CONFLICT = {409: OpenApiResponse(description="One of the roles, which are fixed.")}


@extend_schema_view(
    list=extend_schema(summary="List groups", description="The roles and further groups by name; at least your own."),
    retrieve=extend_schema(summary="Read a group", description="Its permissions, and how many people it has."),
    create=extend_schema(
        summary="Create a group", description="A recipient (`group:NAME`), with permissions for its people.",
        examples=[OpenApiExample("On call", value={"name": "on-call"}, request_only=True)],
    ),
    partial_update=extend_schema(
        summary="Update a group", responses={200: GroupSerializer} | WITH_CONFLICT,
        description="Changes name or permissions. The roles are fixed. People get their groups at `/api/people/`.",
        examples=[OpenApiExample("Renamed", value={"name": "night shift"}, request_only=True)],
    ),
    destroy=extend_schema(
        summary="Delete a group", responses={204: None} | WITH_CONFLICT,
        description="Its people stay, without the permissions of the group.",
    ),
)  # fmt: skip
@extend_schema(tags=["people"])
class GroupViewSet(WriteViewSet):
    queryset = Group.objects.order_by("name")
    serializer_class = GroupSerializer
    ordering_fields = ("name",)
    lookup_value_converter = "int"
    http_method_names = WITHOUT_PUT
    scope = TokenScope.ADMIN

    @property
    def needs(self) -> str:  # type: ignore[override]
        """Everybody sees the groups that they are in."""
        return "" if self.request.method in SAFE_METHODS else "smartagent.change_user"

    def get_queryset(self) -> QuerySet[Any]:
        found = Group.objects.order_by("name").prefetch_related("permissions__content_type")
        if getattr(self, "swagger_fake_view", False):
            return found
        user: Any = self.request.user
        sees_all = user.has_perm("smartagent.view_user")
        mine = found if sees_all else found.filter(user=user)
        return mine.annotate(member_count=Count("user"))

    def get_object(self) -> Any:
        found = super().get_object()
        if self.request.method not in SAFE_METHODS and found.name in FIXED_GROUPS:
            raise Conflict(f"The role {found.name} is fixed. Create a group of your own.")
        return found

    def perform_destroy(self, instance: Group) -> None:
        delete_group(instance, self.request.user, timezone.now())
