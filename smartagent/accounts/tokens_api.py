"""Tokens by REST: list, create, rotate, revoke. A token is in the answer that creates it, and nowhere else."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

import django_filters
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema, extend_schema_view
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from smartagent.accounts.phrases import token_in_words
from smartagent.accounts.token_lifecycle import (
    DEFAULT_GRACE,
    MAX_GRACE,
    CannotRotate,
    accounts_held_by,
    create_token,
    may_hold,
    revoke_token,
    revoke_tokens,
    rotate_token,
)
from smartagent.kernel.durations import format_duration
from smartagent.kernel.token_scopes import TokenScope, in_words
from smartagent.models import APIToken, User
from smartagent.rest.bulk import MAX_BULK_IDS, ManySerializer, OutcomesSerializer, answered, ids_in, outcomes_of
from smartagent.rest.errors import Conflict
from smartagent.rest.fields import ChoiceField, DurationField, IdField, TextField, TimeField
from smartagent.rest.filter_fields import PersonFilter
from smartagent.rest.relations import PERSON
from smartagent.rest.rows import RowMixin
from smartagent.rest.serializers import StrictModelSerializer, StrictSerializer
from smartagent.rest.views import ReadViewSet

NO_TOKEN = OpenApiResponse(description="The request is made without a token.")
NO_STORE = {"Cache-Control": "no-store"}
CREATE_EXAMPLE = OpenApiExample(
    "For an agent", request_only=True,
    value={"name": "telegraf", "scopes": ["ingest"], "expires_at": "2027-01-01T00:00:00Z"},
)  # fmt: skip


class TokenFilter(django_filters.FilterSet):  # type: ignore[misc]
    person = PersonFilter(field_name="user", label="person")


class HolderField(IdField):
    """The caller, or a service account for which they may create tokens."""

    default_error_messages = {"not_held": "Enter your own ID, or as an administrator that of a service account."}

    def to_internal_value(self, data: Any) -> Any:
        key, me = super().to_internal_value(data), self.context["request"].user
        if key != me.pk and not accounts_held_by(me).filter(pk=key).exists():
            self.fail("not_held")
        return key


def page_of_tokens(token: APIToken) -> str:
    """The page of all tokens; one of its own a token has not."""
    return reverse("admin:smartagent_apitoken_changelist")


class TokenSerializer(RowMixin, StrictModelSerializer):
    user = HolderField(
        source="user_id", required=False, help_text="Whose it is: you by default; for administrators a service account."
    )
    name = TextField(max_length=100, help_text="Name of the program.")
    scopes = serializers.ListField(child=ChoiceField(choices=TokenScope.choices), min_length=1)
    expires_at = TimeField(required=False, allow_null=True, default=None, help_text="Null: no expiry.")
    replaced_by = serializers.UUIDField(
        source="replaced_by_id", read_only=True, allow_null=True, help_text="The token that rotation made of it."
    )

    class Meta:
        model = APIToken
        fields = [
            "id", "user", "name", "prefix", "scopes", "created_at", "expires_at", "last_used_at", "last_used_from",
            "replaced_by",
        ]  # fmt: skip
        resource, page, relations, sentence = "tokens", page_of_tokens, {"user": PERSON}, token_in_words
        read_only_fields = ["prefix", "created_at", "last_used_at", "last_used_from"]

    def validate_expires_at(self, expires_at: datetime | None) -> datetime | None:
        return future(expires_at)


class NewTokenSerializer(TokenSerializer):
    """A token that was just made, with the token itself."""

    token = serializers.CharField(read_only=True, help_text="The token itself. It is not shown again.")

    class Meta(TokenSerializer.Meta):
        fields = [*TokenSerializer.Meta.fields, "token"]


class OwnRotationSerializer(StrictSerializer):
    grace = DurationField(
        required=False, default=DEFAULT_GRACE,
        help_text=f"How long the previous token works on. Default: {format_duration(DEFAULT_GRACE)}.",
    )  # fmt: skip

    def validate_grace(self, grace: timedelta) -> timedelta:
        if grace > MAX_GRACE:
            raise serializers.ValidationError(f"The maximum is {format_duration(MAX_GRACE)}.")
        return grace


class RotationSerializer(OwnRotationSerializer):
    expires_at = TimeField(
        required=False, allow_null=True, default=None,
        help_text="Expiry of the new token. Null: the same lifetime as the previous one.",
    )  # fmt: skip

    def validate_expires_at(self, expires_at: datetime | None) -> datetime | None:
        return future(expires_at)


@extend_schema_view(
    list=extend_schema(summary="List tokens", description="Your tokens, without the tokens themselves, newest first. "
        "Administrators see those of everyone."),
    retrieve=extend_schema(summary="Read a token", description="Its scopes, expiry and last use."),
    create=extend_schema(
        summary="Create a token", request=TokenSerializer, responses={201: NewTokenSerializer},
        examples=[CREATE_EXAMPLE],
        description="Only this answer has the token itself. A token creates only tokens with scopes of its own.",
    ),
    destroy=extend_schema(summary="Revoke a token", description="It stops working at once."),
)  # fmt: skip
@extend_schema(tags=["tokens"])
class TokenViewSet(mixins.CreateModelMixin, mixins.DestroyModelMixin, ReadViewSet):
    queryset = APIToken.objects.select_related("user")
    serializer_class = TokenSerializer
    filterset_class = TokenFilter
    ordering_fields = ("created_at", "expires_at")
    scope = TokenScope.ADMIN

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        requested = self.get_serializer(data=request.data)
        requested.is_valid(raise_exception=True)
        given = requested.validated_data
        refuse_beyond_own(request, given["scopes"])
        person = User.objects.get(pk=given.get("user_id", request.user.pk))
        row, token = create_token(
            person, given["name"], given["scopes"], given["expires_at"], by=request.user, now=timezone.now()
        )  # fmt: skip
        return self._created(row, token)

    @extend_schema(
        summary="Rotate a token", request=RotationSerializer,
        responses={201: NewTokenSerializer, 409: OpenApiResponse()},
        description="Creates a token with the same name and scopes; the previous one works on for a while, so that "
            "no request of the program fails. Of your own tokens, and for administrators of those of service accounts.",
        examples=[OpenApiExample("For two days", value={"grace": "2d"}, request_only=True)],
    )  # fmt: skip
    @action(detail=True, methods=["post"], needs="add")
    def rotate(self, request: Request, pk: Any = None) -> Response:
        row = self.get_object()
        if not may_hold(request.user, row):
            raise PermissionDenied("Only its person can rotate this token. You can revoke it.")
        refuse_beyond_own(request, row.scopes)
        return self._rotated(row, RotationSerializer(data=request.data))

    @extend_schema(
        summary="Read the token of the request", responses={200: TokenSerializer, 404: NO_TOKEN}, filters=False,
        description="The scopes, expiry and last use of the token that the request is made with. It needs no scope.",
    )  # fmt: skip
    @action(detail=False, methods=["get"], needs="", any_scope=True, pagination_class=None)
    def current(self, request: Request) -> Response:
        return Response(self.get_serializer(token_of(request)).data)

    @extend_schema(
        operation_id="tokens_rotate_current", summary="Rotate the token of the request",
        request=OwnRotationSerializer, responses={201: NewTokenSerializer, 404: NO_TOKEN, 409: OpenApiResponse()},
        description="As rotating a token by its ID, by the token itself: it needs no scope. The successor has the same "
            "scopes and the same lifetime.",
        examples=[OpenApiExample("For an hour", value={"grace": "1h"}, request_only=True)],
    )  # fmt: skip
    @action(
        detail=False, methods=["post"], needs="", any_scope=True, url_path="current/rotate", url_name="rotate-current"
    )
    def rotate_current(self, request: Request) -> Response:
        return self._rotated(token_of(request), OwnRotationSerializer(data=request.data))

    def perform_destroy(self, instance: APIToken) -> None:
        revoke_token(instance, by=self.request.user, now=timezone.now())

    @extend_schema(
        summary="Revoke many tokens", request=ManySerializer, responses=OutcomesSerializer,
        description=f"Revokes up to {MAX_BULK_IDS:,} tokens, which stop working at once, with an outcome for each.",
    )  # fmt: skip
    @action(detail=False, methods=["post"], needs="delete")
    def revoke(self, request: Request) -> Response:
        ids, now = ids_in(request), timezone.now()
        return answered(
            outcomes_of(ids, self.get_queryset(), ["name"], lambda some: revoke_tokens(some, by=request.user, now=now))
        )

    def _rotated(self, row: APIToken, requested: StrictSerializer) -> Response:
        requested.is_valid(raise_exception=True)
        try:
            new, token = rotate_token(row, by=self.request.user, now=timezone.now(), **requested.validated_data)
        except CannotRotate as error:
            raise Conflict(str(error)) from None
        return self._created(new, token)

    def _created(self, row: APIToken, token: str) -> Response:
        row.refresh_from_db()
        return Response(self.get_serializer(row).data | {"token": token}, status=201, headers=NO_STORE)


def future(expires_at: datetime | None) -> datetime | None:
    """The time, which is not in the past; ValidationError."""
    if expires_at is not None and expires_at <= timezone.now():
        raise serializers.ValidationError("This must be in the future.")
    return expires_at


def token_of(request: Request) -> APIToken:
    """The token that the request is made with; NotFound in a session."""
    token = request.auth
    if not isinstance(token, APIToken):
        raise NotFound("This request is made without a token.")
    return token


def refuse_beyond_own(request: Request, scopes: Collection[str]) -> None:
    """Refuse that a token makes one which may do more than itself."""
    own = getattr(request.auth, "scopes", None)
    if own is not None and (beyond := set(scopes) - set(own)):
        raise PermissionDenied(f"This token has the scopes {in_words(own)}, so it cannot give {in_words(beyond)}.")
