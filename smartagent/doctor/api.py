"""The findings of the doctor as JSON."""

from typing import Any

from django.db import connection
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from smartagent.doctor.examination import examine
from smartagent.doctor.findings import FindingSeverity, FindingState
from smartagent.doctor.permissions import MayLook
from smartagent.rest.views import StrictView


class FindingSerializer(serializers.Serializer[Any]):
    severity = serializers.ChoiceField(choices=[each.value for each in FindingSeverity])
    subject = serializers.CharField(help_text="A table, or another part of the installation.")
    problem = serializers.CharField()
    fix = serializers.CharField(help_text="Recommended fix.")


class TableSerializer(serializers.Serializer[Any]):
    table = serializers.CharField()
    state = serializers.ChoiceField(choices=[each.value for each in FindingState])
    rows = serializers.IntegerField(allow_null=True, help_text="Counted where that is quick, else estimated.")
    unrepresentable = serializers.IntegerField(
        allow_null=True, help_text="Rows of another application, not shown here."
    )


class ReportSerializer(serializers.Serializer[Any]):
    ok = serializers.BooleanField(help_text="True if no finding has severity error.")
    findings = FindingSerializer(many=True)
    tables = TableSerializer(many=True)


class DoctorView(StrictView):
    permission_classes = [MayLook]

    @extend_schema(
        tags=["doctor"], summary="Check system health",
        description="Checks database, tables, schedules, workers and settings, as `manage.py doctor` does. "
            "For operators, auditors and administrators.",
        responses=ReportSerializer,
    )  # fmt: skip
    def get(self, request: Request, *args: Any) -> Response:
        return Response(examine(connection, timezone.now()).as_dict())
