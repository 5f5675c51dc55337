"""Personal data by REST, for administrators: the export and the erasure of a person."""

from typing import Any
from uuid import UUID

from django.http import Http404, StreamingHttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from smartagent.kernel.token_scopes import TokenScope
from smartagent.models import User
from smartagent.privacy.erasure import CannotErase, erase_person
from smartagent.privacy.export import export_response
from smartagent.rest.fields import TextField
from smartagent.rest.recent_sign_in import require_recent_sign_in
from smartagent.rest.serializers import StrictSerializer
from smartagent.rest.views import StrictView

OTHER_EMAIL = "This is not the e-mail address of the person."


class MayHandlePersonalData(BasePermission):
    message = "Only administrators can export or erase personal data."

    def has_permission(self, request: Any, view: Any) -> bool:
        return bool(request.user.is_authenticated) and bool(request.user.has_perm("smartagent.change_user"))


class ErasureRequestSerializer(StrictSerializer):
    email = TextField(max_length=254, help_text="E-mail address of the person, as a confirmation.")


class ErasureSerializer(serializers.Serializer[Any]):
    rows = serializers.IntegerField(help_text="Rows that were deleted.")
    entries = serializers.IntegerField(help_text="Entries of the activity log that no longer name the person.")


class _View(StrictView):
    permission_classes = [MayHandlePersonalData]
    scope = read_scope = TokenScope.ADMIN

    def person(self, pk: UUID) -> User:
        found = User.objects.filter(pk=pk).first()
        if found is None:
            raise Http404
        return found


@extend_schema(tags=["people"])
class PersonalDataView(_View):
    """Everything about a person."""

    @extend_schema(
        operation_id="people_export", summary="Export personal data",
        responses={(200, "application/json"): OpenApiTypes.OBJECT},
        description="Everything about one person as one JSON object, streamed: `person`, `groups`, `exported_at`, and "
            "`tables` with the rows of every table that refers to the person. Without secrets. For administrators, "
            "with the scope `admin`; a session needs a recent sign-in.",
    )  # fmt: skip
    def get(self, request: Request, pk: UUID) -> StreamingHttpResponse:
        require_recent_sign_in(request)
        return export_response(self.person(pk), timezone.now())


@extend_schema(tags=["people"])
class EraseView(_View):
    """The erasure of a person."""

    commits_in_steps = True

    @extend_schema(
        operation_id="people_erase", summary="Erase a person",
        request=ErasureRequestSerializer, responses=ErasureSerializer,
        description="Deletes what belongs to the person, empties and deactivates the account, and removes the person "
            "from entries of the activity log, whose chain stays valid. It cannot be undone, so the body repeats the "
            "e-mail address. For administrators, with the scope `admin`; a session needs a recent sign-in. Nobody "
            "erases themself, the last administrator or a service account.",
    )  # fmt: skip
    def post(self, request: Request, pk: UUID) -> Response:
        person = self.person(pk)
        given = ErasureRequestSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        if given.validated_data["email"].strip().lower() != person.email.lower():
            raise ValidationError({"email": [OTHER_EMAIL]})
        try:
            done = erase_person(person, request.user, timezone.now())
        except CannotErase as reason:
            raise ValidationError({"detail": [str(reason)]}) from None
        return Response({"rows": done.rows, "entries": done.entries})
