"""Sessions by REST: where a person is signed in, and signing them out; for administrators those of others, too."""

from typing import Any
from uuid import UUID

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from smartagent.accounts.browser_names import browser_name
from smartagent.accounts.sessions import MAX_LISTED, revoke, revoke_others, sessions_of
from smartagent.kernel.scope import people_visible_to
from smartagent.kernel.token_scopes import TokenScope
from smartagent.models import BrowserSession, User
from smartagent.rest.fields import TimeField
from smartagent.rest.views import StrictView

OTHERS = "Only administrators see and sign out the sessions of others."
SUPERUSERS = "Only superusers see and sign out the sessions of superusers."


class SessionSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField(source="public_id")
    browser = serializers.SerializerMethodField(help_text="Browser and system, for example Firefox on Linux.")
    address = serializers.CharField(help_text="Address of the last use; empty where unknown.")
    signed_in_at = TimeField()
    last_used_at = TimeField(allow_null=True)
    expires_at = TimeField(source="expire_date")
    is_this = serializers.SerializerMethodField(help_text="True for the session of this request.")

    def get_browser(self, session: BrowserSession) -> str:
        return browser_name(session.user_agent)

    def get_is_this(self, session: BrowserSession) -> bool:
        return bool(session.session_key == self.context["key"])


class CountSerializer(serializers.Serializer[Any]):
    signed_out = serializers.IntegerField(help_text="Number of sessions.")


class _View(StrictView):
    needs, scope = "", TokenScope.ADMIN

    def person(self, request: Request, pk: UUID) -> User:
        """The person, whose sessions the caller may see and sign out."""
        found: User | None = people_visible_to(request.user).filter(pk=pk, is_service_account=False).first()
        if found is None:
            raise Http404
        if found.pk != request.user.pk:
            if not request.user.has_perm("smartagent.change_user"):
                raise PermissionDenied(OTHERS)
            if found.is_superuser and not request.user.is_superuser:
                raise PermissionDenied(SUPERUSERS)
        return found


@extend_schema(tags=["people"])
class SessionsView(_View):
    """All sessions of a person."""

    @extend_schema(
        operation_id="people_sessions_list", summary="List sessions of a person",
        responses=SessionSerializer(many=True),
        description="Where the person is signed in by a browser, the session used last first; at most "
            f"{MAX_LISTED}. One's own, and for administrators those of others.",
    )  # fmt: skip
    def get(self, request: Request, pk: UUID) -> Response:
        found = sessions_of(self.person(request, pk), timezone.now())[:MAX_LISTED]
        key = request._request.session.session_key
        return Response(SessionSerializer(found, many=True, context={"key": key}).data)

    @extend_schema(
        operation_id="people_sessions_sign_out", summary="Sign a person out everywhere",
        responses={200: CountSerializer},
        description="Ends all sessions of the person but that of this request. API tokens go on.",
    )  # fmt: skip
    def delete(self, request: Request, pk: UUID) -> Response:
        person = self.person(request, pk)
        count = revoke_others(person, request._request, cause_of(request.user, person), by=request.user)
        return Response({"signed_out": count})


@extend_schema(tags=["people"])
class SessionView(_View):
    """One session of a person."""

    @extend_schema(
        operation_id="people_sessions_destroy", summary="Sign out a session",
        responses={204: OpenApiResponse()}, description="Ends one session of the person, at its next request.",
    )  # fmt: skip
    def delete(self, request: Request, pk: UUID, session: UUID) -> Response:
        person = self.person(request, pk)
        found = sessions_of(person, timezone.now()).filter(public_id=session)
        if not revoke(found, person, request._request, cause_of(request.user, person), by=request.user):
            raise Http404
        return Response(status=204)


def cause_of(by: Any, person: User) -> str:
    """Why the sessions end, for the activity log."""
    return "by themselves" if by.pk == person.pk else "by an administrator"
