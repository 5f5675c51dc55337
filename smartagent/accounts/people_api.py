"""People, service accounts and groups by REST: administrators manage them, and everybody sees themself.

No answer has a password or its hash, but for the one that a new person gets generated, which is shown once.
"""

import secrets
from typing import Any, ClassVar

import django_filters
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError as FormError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import mixins, serializers
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response

from smartagent.accounts.account_changes import account_facts, log_added, log_changed
from smartagent.accounts.phrases import person_in_words
from smartagent.accounts.sessions import revoke_everywhere
from smartagent.kernel.scope import people_visible_to
from smartagent.kernel.token_scopes import TokenScope
from smartagent.models import User, UserManager, validate_time_zone
from smartagent.rest.etags import VersionedMixin
from smartagent.rest.fields import ZONE, FlagField, OwnerField, TextField, find_person, keepable
from smartagent.rest.filter_fields import OneOf
from smartagent.rest.relations import PERSON
from smartagent.rest.rows import RowMixin
from smartagent.rest.serializers import StrictModelSerializer
from smartagent.rest.views import ReadViewSet

YES_NO = [("yes", "yes"), ("no", "no")]
EMAIL_TAKEN = "An account with this e-mail address already exists."
PERSON_EXAMPLE = OpenApiExample(
    "An operator", request_only=True,
    value={"email": "grace@example.com", "full_name": "Grace Hopper", "groups": ["members", "operators"]},
)  # fmt: skip
SERVICE_EXAMPLE = OpenApiExample(
    "A service account", request_only=True,
    value={"full_name": "Grafana", "is_service_account": True, "owner": "ada@example.com", "groups": ["auditors"]},
)  # fmt: skip


class GroupField(TextField):
    """The name of a group that is there."""

    default_error_messages = {"no_group": "There is no group “{name}”. Groups: {known}."}

    def to_internal_value(self, data: Any) -> Any:
        name = super().to_internal_value(data)
        known = list(Group.objects.order_by("name").values_list("name", flat=True)[:50])
        return name if name in known else self.fail("no_group", name=name[:100], known=", ".join(known))


class GroupsField(serializers.ListField):
    """The groups of a person, by name."""

    child = GroupField(max_length=150)

    def to_representation(self, data: Any) -> list[str]:
        return sorted(group.name for group in data.all())


class AccountOwnerField(OwnerField):
    """The person who answers for a service account, by id or e-mail address."""

    default_error_messages = {"nobody": "No active person has the ID or e-mail address “{text}”."}

    def to_internal_value(self, data: Any) -> User:
        if not isinstance(data, str) or not keepable(data):
            self.fail("invalid")
        people = User.objects.people().filter(is_active=True)
        return find_person(data, people) or self.fail("nobody", text=data[:100])


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


class PersonSerializer(RowMixin, StrictModelSerializer):
    email = serializers.EmailField(required=False, max_length=254, help_text="For signing in.")
    full_name = TextField(required=False, max_length=200, allow_blank=True)
    time_zone = TextField(required=False, max_length=64, help_text="For example Europe/Berlin.", asks=ZONE)
    groups = GroupsField(required=False, help_text="Names of groups. A new person is a member unless some are given.")
    is_active = FlagField(required=False, help_text="False: neither the password nor a token works.")
    is_staff = FlagField(required=False, help_text="Sees and changes everyone's objects.")
    is_superuser = FlagField(required=False, help_text="All permissions. Only superusers change this.")
    is_service_account = FlagField(required=False, help_text="A program's account. It cannot be changed later.")
    owner = AccountOwnerField(
        required=False, allow_null=True,
        help_text="Who answers for a service account: ID, or on write also e-mail.",
    )  # fmt: skip

    class Meta:
        model = User
        fields = [
            "id", "email", "full_name", "time_zone", "groups", "is_active", "is_staff", "is_superuser",
            "is_service_account", "owner", "last_login", "date_joined",
        ]  # fmt: skip
        resource, page, relations, sentence = "people", "admin:person", {"owner": PERSON}, person_in_words
        collections: ClassVar[dict[str, str]] = {"tokens": "tokens/?person={}", "rules": "rules/?owner={}"}
        read_only_fields = ["last_login", "date_joined"]

    def validate_email(self, email: str) -> str:
        email = UserManager.normalize_email(email)
        own: Any = getattr(self.instance, "pk", None)
        if User.objects.with_email(email).exclude(pk=own).exists():
            raise ValidationError(EMAIL_TAKEN)
        return email

    def validate_time_zone(self, name: str) -> str:
        try:
            validate_time_zone(name)
        except FormError as error:
            raise ValidationError(error.messages) from None
        return name

    def validate_is_active(self, active: bool) -> bool:
        if not active and self.instance == self.context["request"].user:
            raise ValidationError("You cannot deactivate yourself. Ask another administrator.")
        return active

    def validate_is_superuser(self, value: bool) -> bool:
        before = bool(self.instance and self.instance.is_superuser)
        if value != before and not self.context["request"].user.is_superuser:
            raise ValidationError("Only superusers can change this.")
        return value

    def validate_is_service_account(self, value: bool) -> bool:
        if self.instance is not None and value != self.instance.is_service_account:
            raise ValidationError("A person does not become a service account, nor the other way round.")
        return value

    def validate(self, attrs: Any) -> Any:
        known = self.instance.is_service_account if self.instance else False
        is_service = attrs.get("is_service_account", known)
        problems = _of_service_account(attrs, self.instance) if is_service else _of_person(attrs, self.instance)
        if problems:
            raise ValidationError(problems)
        return super().validate(attrs)

    def create(self, validated_data: Any) -> Any:
        groups = validated_data.pop("groups", None)
        person: Any = User(**validated_data)
        person.generated_password = None
        if person.is_service_account:
            person.become_service_account()
        else:
            person.generated_password = secrets.token_urlsafe(12)
            person.set_password(person.generated_password)
        person.save(force_insert=True)
        person.groups.set(Group.objects.filter(name__in=["members"] if groups is None else groups))
        return person

    def update(self, instance: Any, validated_data: Any) -> Any:
        groups = validated_data.pop("groups", None)
        if groups is not None:
            instance.groups.set(Group.objects.filter(name__in=groups))
        return super().update(instance, validated_data)


class NewPersonSerializer(PersonSerializer):
    """A person who was just added."""

    generated_password = serializers.CharField(
        read_only=True, allow_null=True, help_text="Not shown again. Null for a service account, which has none."
    )

    class Meta(PersonSerializer.Meta):
        fields = [*PersonSerializer.Meta.fields, "generated_password"]


def _of_person(attrs: Any, instance: Any) -> dict[str, list[str]]:
    problems = {}
    if instance is None and not attrs.get("email"):
        problems["email"] = ["A person needs an e-mail address to sign in."]
    if attrs.get("owner"):
        problems["owner"] = ["Only service accounts have an owner."]
    return problems


def _of_service_account(attrs: Any, instance: Any) -> dict[str, list[str]]:
    problems = {}
    if (instance is None and not attrs.get("full_name")) or attrs.get("full_name") == "":
        problems["full_name"] = ["A service account needs a name."]
    if (instance is None and not attrs.get("owner")) or ("owner" in attrs and attrs["owner"] is None):
        problems["owner"] = ["A service account needs an owner, who answers for it."]
    if "email" in attrs and (instance is None or attrs["email"] != instance.email):
        problems["email"] = ["A service account has no e-mail address of its own."]
    if attrs.get("is_superuser"):
        problems["is_superuser"] = ["A service account cannot be a superuser. Give it roles."]
    return problems


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
