"""The export of the activity log."""

from typing import Any
from zoneinfo import ZoneInfo

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from rules.activity_export.columns import EXPORT_COLUMNS, chosen_columns
from rules.activity_export.formats import FILE_FORMATS
from rules.activity_export.response import export

FORMAT_CHOICES = list(FILE_FORMATS)
COLUMN_LIST = {
    "type": "array", "items": {"type": "string", "enum": list(EXPORT_COLUMNS)}, "uniqueItems": True, "minItems": 1,
}  # fmt: skip


class ExportAction:
    """`export`, for the view of activity entries."""

    @extend_schema(
        operation_id="activity_export",
        summary="Export activity",
        description=(
            "The entries that the list shows with the same filters, in the same order, as a file: CSV (formulas are "
            "defused), a JSON object a line, or a workbook. Streamed. A CSV or NDJSON file that could not be completed "
            "ends in a line that says so; such a workbook cannot be opened."
        ),
        parameters=[
            OpenApiParameter("format", {"type": "string", "enum": FORMAT_CHOICES, "default": "csv"}),
            OpenApiParameter(
                "columns", COLUMN_LIST, style="form", explode=False, description="Comma-separated. Default: all."
            ),
        ],
        responses={(200, each().media_type.partition(";")[0]): OpenApiTypes.STR for each in FILE_FORMATS.values()},
    )
    @action(
        detail=False, methods=["get"], url_path="export", pagination_class=None, parameters=("format", "columns")
    )  # fmt: skip
    def export(self, request: Request) -> StreamingHttpResponse:
        kind = request.query_params.get("format", "csv")
        if kind not in FILE_FORMATS:
            raise ValidationError({"format": [f"“{kind[:40]}” is not one of: {', '.join(FILE_FORMATS)}."]})
        try:
            columns = chosen_columns(request.query_params.get("columns"))
        except ValueError as error:
            raise ValidationError({"columns": [str(error)]}) from None
        view: Any = self
        entries = view.filter_queryset(view.get_queryset())
        return export(entries, kind, columns, ZoneInfo(getattr(request.user, "time_zone", "UTC")))
