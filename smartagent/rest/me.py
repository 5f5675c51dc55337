"""The caller's profile and permissions."""

from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from smartagent.kernel.scope import has_everyone
from smartagent.kernel.token_scopes import TokenScope
from smartagent.models import User
from smartagent.rest.views import StrictView


class TokenOfRequestSerializer(serializers.Serializer[Any]):
    """The token that the request was made with."""

    name = serializers.CharField()
    scopes: Any = serializers.ListField(child=serializers.ChoiceField(choices=TokenScope.choices))
    expires_at = serializers.DateTimeField(allow_null=True)


class MeSerializer(serializers.ModelSerializer[User]):
    groups: Any = serializers.SlugRelatedField(slug_field="name", many=True, read_only=True)
    permissions = serializers.SerializerMethodField(help_text="As app.verb_model.")
    sees_everyone = serializers.SerializerMethodField(help_text="Whether you can see everyone's objects.")
    changes_everyone = serializers.SerializerMethodField(help_text="Whether you can change everyone's objects.")

    token = serializers.SerializerMethodField(help_text="The token of the request; null for a session.")

    class Meta:
        model = User
        fields = [
            "id", "email", "full_name", "time_zone", "groups", "permissions", "sees_everyone", "changes_everyone",
            "token",
        ]  # fmt: skip
        read_only_fields = fields

    def get_permissions(self, user: User) -> list[str]:
        return sorted(user.get_all_permissions())

    def get_sees_everyone(self, user: User) -> bool:
        return has_everyone(user, "view")

    def get_changes_everyone(self, user: User) -> bool:
        return has_everyone(user, "change")

    @extend_schema_field(TokenOfRequestSerializer(allow_null=True))
    def get_token(self, user: User) -> Any:
        token = self.context["token"]
        return None if token is None else TokenOfRequestSerializer(token).data


class MeView(StrictView):
    needs = ""

    @extend_schema(
        tags=["me"], summary="Read my profile", description="The signed-in person and their permissions.",
        responses=MeSerializer,
    )  # fmt: skip
    def get(self, request: Request, *args: Any) -> Response:
        return Response(MeSerializer(request.user, context={"token": request.auth}).data)  # type: ignore[arg-type]
