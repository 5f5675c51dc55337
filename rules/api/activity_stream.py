"""The stream of new activity entries."""

from datetime import datetime
from typing import Any

from django.http import StreamingHttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

from rules.activity_stream.feed import MAX_AGE
from rules.activity_stream.position import SHAPE, Position
from rules.activity_stream.response import stream
from rules.models import ActivityEntry
from smartagent.rest.event_stream import MEDIA_TYPE
from smartagent.rest.still_signed_in import still_signed_in

POSITION_PARAMETER = "last_event_id"
TOO_OLD = "This position is older than a day. Read the list or the export, and begin without a position."


class StreamAction:
    """`stream`, for the view of activity entries."""

    @extend_schema(
        operation_id="activity_stream",
        summary="Stream new activity",
        description=(
            "Server-sent events, one for each new entry that the filters select: `event` is the type of the entry, "
            "`data` the entry as in the list, `id` a position. An entry with an action comes when its action was "
            "executed. Resume with the header `Last-Event-ID`, or with `last_event_id`: nothing is lost or repeated. A "
            "comment keeps the connection every 15 seconds; after four minutes the stream ends, and the client is to "
            "connect again. At most four streams run in a web server process; further ones get 503 and `Retry-After`."
        ),
        parameters=[
            OpenApiParameter(
                POSITION_PARAMETER, {"type": "string", "pattern": f"^{SHAPE.pattern}$"},
                description="Position to resume from, at most a day old. Default: header `Last-Event-ID`, else now.",
            ),
        ],
        responses={(200, MEDIA_TYPE): OpenApiTypes.STR},
    )  # fmt: skip
    @action(detail=False, methods=["get"], url_path="stream", pagination_class=None, parameters=(POSITION_PARAMETER,))
    def stream(self, request: Request) -> StreamingHttpResponse:
        view: Any = self
        entries = view.filter_queryset(view.get_queryset())
        zone = timezone.get_current_timezone()

        def written(entry: ActivityEntry) -> bytes:
            with timezone.override(zone):  # the middleware that set it is through by then
                return bytes(JSONRenderer().render(view.get_serializer(entry).data))

        return stream(entries, _position(request, timezone.now()), written, still_signed_in(request))


def _position(request: Request, now: datetime) -> Position | None:
    """Where the client was; ValidationError where that cannot be."""
    text = request.query_params.get(POSITION_PARAMETER) or request.headers.get("Last-Event-ID")
    if not text:
        return None
    try:
        position = Position.decode(text)
    except ValueError as error:
        raise ValidationError({POSITION_PARAMETER: [str(error)]}) from None
    if position.time < now - MAX_AGE:
        raise ValidationError({POSITION_PARAMETER: [TOO_OLD]})
    return position
