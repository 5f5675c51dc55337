"""People, service accounts and groups by REST: administrators manage them, and everybody sees themself.

No answer has a password or its hash, but for the one that a new person gets generated, which is shown once.
"""

from typing import Any

import django_filters
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import mixins
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response

from smartagent.accounts.account_changes import account_facts, log_added, log_changed
from smartagent.accounts.people_serializers import NewPersonSerializer, PersonSerializer
from smartagent.accounts.sessions import revoke_everywhere
from smartagent.kernel.scope import people_visible_to
from smartagent.kernel.token_scopes import TokenScope
from smartagent.models import User
from smartagent.rest.etags import VersionedMixin
from smartagent.rest.filter_fields import OneOf
from smartagent.rest.views import ReadViewSet

YES_NO = [("yes", "yes"), ("no", "no")]
PERSON_EXAMPLE = OpenApiExample(
    "An operator", request_only=True,
    value={"email": "grace@example.com", "full_name": "Grace Hopper", "groups": ["members", "operators"]},
)  # fmt: skip
SERVICE_EXAMPLE = OpenApiExample(
    "A service account", request_only=True,
    value={"full_name": "Grafana", "is_service_account": True, "owner": "ada@example.com", "groups": ["auditors"]},
)  # fmt: skip


class PersonFilter(django_filters.FilterSet):  # type: ignore[misc]
    name = django_filters.CharFilter(label="name", method="filter_name", help_text="Part of the name or e-mail.")
    group = django_filters.CharFilter(field_name="groups__name", label="group", help_text="Name of a group.")
    active = OneOf(label="active", choices=YES_NO, method="filter_active")
    service_account = OneOf(label="service account", choices=YES_NO, method="filter_service_account")

    def filter_name(self, queryset: QuerySet[Any], _: str, value: str) -> QuerySet[Any]:
        return queryset.filter(Q(full_name__icontains=value) | Q(email__icontains=value))

    def filter_active(self, queryset: QuerySet[Any], _: str, value: str) -> QuerySet[Any]:
        return queryset.filter(is_active=value == "yes")

    def filter_service_account(self, queryset: QuerySet[Any], _: str, value: str) -> QuerySet[Any]:
        return queryset.filter(is_service_account=value == "yes")


@extend_schema_view(
    list=extend_schema(
        summary="List people", description="People and service accounts whom you may see, by name; at least yourself."
    ),
    retrieve=extend_schema(summary="Read a person", description="A person or service account, with their groups."),
    create=extend_schema(
        summary="Add a person", request=PersonSerializer, responses={201: NewPersonSerializer},
        examples=[PERSON_EXAMPLE, SERVICE_EXAMPLE],
        description="A person gets a generated password, which only this answer has; a service account has none.",
    ),
    partial_update=extend_schema(
        summary="Update a person", examples=[OpenApiExample("Off", value={"is_active": False}, request_only=True)],
        description="Changes the given fields. Nobody is deleted: what they own and did stays whole. Only superusers "
            "change superusers.",
    ),
)  # fmt: skip
@extend_schema(tags=["people"])
class PersonViewSet(VersionedMixin, mixins.CreateModelMixin, mixins.UpdateModelMixin, ReadViewSet):
    queryset = User.objects.select_related("owner").prefetch_related("groups").order_by("full_name", "email", "id")
    serializer_class = PersonSerializer
    filterset_class = PersonFilter
    ordering_fields = ("full_name", "email", "date_joined")
    http_method_names = ["get", "head", "options", "post", "patch"]
    scope = TokenScope.ADMIN

    @property
    def needs(self) -> str | None:  # type: ignore[override]
        """Everybody sees somebody: themself."""
        return "" if self.request.method in SAFE_METHODS else None

    def get_queryset(self) -> QuerySet[Any]:
        if getattr(self, "swagger_fake_view", False):
            return self.queryset
        visible = people_visible_to(self.request.user)
        return self.queryset.filter(pk__in=visible.values("pk"))

    def get_object(self) -> Any:
        found = super().get_object()
        if self.request.method not in SAFE_METHODS and found.is_superuser and not self.request.user.is_superuser:
            raise PermissionDenied("Only superusers change superusers.")
        return found

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        response = super().create(request, *args, **kwargs)
        response.data["generated_password"] = self.generated_password
        response["Cache-Control"] = "no-store"
        return response

    @transaction.atomic
    def perform_create(self, serializer: Any) -> None:
        person = serializer.save()
        self.generated_password = person.generated_password
        log_added(person, self.request.user, timezone.now())

    def perform_update(self, serializer: Any) -> None:
        before = account_facts(User.objects.get(pk=serializer.instance.pk))
        serializer.save()
        if serializer.validated_data.get("is_active") is False:
            revoke_everywhere([serializer.instance], self.request._request, "deactivated")
        log_changed(before, serializer.instance, self.request.user, timezone.now())
