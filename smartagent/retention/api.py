"""Retention as JSON."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from smartagent.rest.views import StrictView
from smartagent.retention.kinds import KINDS
from smartagent.retention.overview import KindRow, RetentionOverview, retention_overview
from smartagent.retention.permissions import MayLook

SIZE = "With indexes."


class RetentionKindSerializer(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=[each.name for each in KINDS])
    title = serializers.CharField()
    tables = serializers.ListField(child=serializers.CharField())
    rows = serializers.IntegerField(allow_null=True, help_text="Of the first table; null where it is unknown yet.")
    rows_exact = serializers.BooleanField(help_text="False: as the statistics of the database say.")
    rows_per_day = serializers.IntegerField(allow_null=True, help_text="New rows of the last 24 hours.")
    size_bytes = serializers.IntegerField(help_text=SIZE)
    oldest = serializers.DateTimeField(allow_null=True)
    setting = serializers.CharField(help_text="The setting of its retention; empty where there is none.")
    keep_days = serializers.IntegerField(allow_null=True, help_text="Null: for ever, or as kept_for says.")
    kept_for = serializers.CharField(help_text="In words.")
    next_deletion = serializers.DateTimeField(allow_null=True, help_text="When the next rows are deleted.")
    projected_bytes = serializers.IntegerField(
        allow_null=True,
        help_text="At the rate of the last 24 hours: the size at which as much is deleted as comes; where all is kept, "
        "the size in a year. Null where no rows came, or the table has less than 1,000.",
    )


class OtherTableSerializer(serializers.Serializer[Any]):
    table = serializers.CharField()
    rows = serializers.IntegerField(allow_null=True, help_text="As the statistics of the database say.")
    size_bytes = serializers.IntegerField(help_text=SIZE)


class RetentionSerializer(serializers.Serializer[Any]):
    size_bytes = serializers.IntegerField(help_text="Of all tables.")
    export_folder = serializers.CharField(help_text="Where rows go before they are deleted; empty: they do not.")
    kinds = RetentionKindSerializer(many=True)
    other_tables = OtherTableSerializer(many=True)


class RetentionView(StrictView):
    permission_classes = [MayLook]

    @extend_schema(
        tags=["retention"], summary="Show retention",
        description="The kinds of rows that grow: rows, size, for how long they are kept, the next deletion, and the "
            "projected size. For administrators.",
        responses=RetentionSerializer,
    )  # fmt: skip
    def get(self, request: Request, *args: Any) -> Response:
        return Response(_as_dict(retention_overview(timezone.now())))


def _as_dict(found: RetentionOverview) -> dict[str, Any]:
    others = [{"table": name, "rows": size.rows, "size_bytes": size.size} for name, size in found.others]
    return {
        "size_bytes": found.size, "export_folder": found.export_folder, "kinds": [_kind(each) for each in found.kinds],
        "other_tables": others,
    }  # fmt: skip


def _kind(row: KindRow) -> dict[str, Any]:
    kind, growth = row.kind, row.growth
    return {
        "kind": kind.name, "title": kind.label, "tables": list(kind.tables), "rows": growth.rows,
        "rows_exact": growth.exact, "rows_per_day": growth.per_day if kind.at else None, "size_bytes": row.size,
        "oldest": growth.oldest, "setting": kind.setting, "keep_days": kind.keep_days or None,
        "kept_for": kind.kept_for, "next_deletion": row.next_deletion, "projected_bytes": row.projected_size,
    }  # fmt: skip
