"""The state of the chain of the activity log as JSON."""

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from rules.audit.state import audit_state
from smartagent.kernel.scope import has_everyone
from smartagent.rest.views import StrictView


class MayLookAtAudit(BasePermission):
    message = "Only operators, auditors and administrators can view the verification of the log."

    def has_permission(self, request: Any, view: Any) -> bool:
        return bool(request.user.is_authenticated) and has_everyone(request.user, "view")


class AuditFindingSerializer(serializers.Serializer[Any]):
    kind = serializers.CharField(help_text="changed, missing, inserted, link or anchor.")
    problem = serializers.CharField()
    entry = serializers.CharField(allow_null=True, help_text="The first entry that it is about.")
    link = serializers.IntegerField(allow_null=True)
    at = serializers.CharField(allow_null=True, help_text="Time of the entry or link.")


class AuditStateSerializer(serializers.Serializer[Any]):
    links = serializers.IntegerField()
    sealed_at = serializers.DateTimeField(allow_null=True, help_text="When entries were last sealed.")
    waiting = serializers.IntegerField(help_text="Entries that wait to be sealed.")
    verified_at = serializers.DateTimeField(allow_null=True, help_text="When the log was last verified.")
    ok = serializers.BooleanField(allow_null=True, help_text="Result of the last verification.")
    entries = serializers.IntegerField(allow_null=True, help_text="Entries that were as they were written.")
    accepted = serializers.IntegerField(help_text="Entries first seen long after their time that were accepted.")
    finding_count = serializers.IntegerField()
    findings = AuditFindingSerializer(many=True, help_text="At most ten.")
    anchors = serializers.ListField(child=serializers.CharField(), help_text="Where anchors are written each day.")


class AuditView(StrictView):
    permission_classes = [MayLookAtAudit]

    @extend_schema(
        tags=["activity"], summary="Check the chain of the activity log",
        description="When entries were last sealed, and what the last verification found. A worker verifies the log "
            "once a day; `manage.py audit verify` does it at once. For operators, auditors and administrators.",
        responses=AuditStateSerializer,
    )  # fmt: skip
    def get(self, request: Request, *args: Any) -> Response:
        return Response(AuditStateSerializer(asdict(audit_state())).data)
