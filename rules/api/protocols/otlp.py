"""OTLP/HTTP for metrics, in protobuf and JSON (https://opentelemetry.io/docs/specs/otlp/#otlphttp).

What is not kept is a partial success: status 200, with the number of rejected data points and the reasons. An error of
the whole request is a `google.rpc.Status`; 429 and 503 ask the sender to send it again.
"""

from typing import Any

from django.http import HttpResponse, HttpResponseBase
from drf_spectacular.utils import extend_schema
from google.protobuf.json_format import MessageToJson, ParseDict
from google.protobuf.json_format import ParseError as NotTheMessage
from google.protobuf.message import Message
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from rest_framework.exceptions import ParseError, UnsupportedMediaType

from rules.api.protocols.base import ProtocolView
from rules.api.protocols.bodies import refuse_hollow, ungzipped
from rules.ingest.intake import Intake, Reason
from rules.ingest.protocols.messages import BadMessage, parsed
from rules.ingest.protocols.otlp import read_metrics
from rules.ingest.protocols.otlp_messages import MetricsRequest
from smartagent.rest.bodies import LARGE, refuse_many
from smartagent.rest.parsers import read_json

PROTOBUF, JSON = "application/x-protobuf", "application/json"
# Codes of google.rpc.Code.
INVALID_ARGUMENT, RESOURCE_EXHAUSTED, UNAVAILABLE, UNKNOWN = 3, 8, 14, 2


@extend_schema(exclude=True)  # its address is not under /api/
class MetricsView(ProtocolView):
    protocol = "OTLP"

    def plain(self, encoding: str, body: bytes) -> bytes:
        return ungzipped(encoding, body)

    def initial(self, request: Any, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if request.method == "POST" and self._media_type() not in (PROTOBUF, JSON):
            raise UnsupportedMediaType("", f"The Content-Type must be {PROTOBUF} or {JSON}.")

    def read(self, body: bytes, intake: Intake) -> None:
        try:
            read_metrics(parsed(MetricsRequest, self._in_protobuf(body)), intake)
        except BadMessage as error:
            raise _not_the_request(error) from None

    def answer(self, intake: Intake) -> HttpResponseBase:
        answer = ExportMetricsServiceResponse()
        if intake.refused or intake.not_kept[Reason.EXPONENTIAL_HISTOGRAM]:
            answer.partial_success.rejected_data_points = intake.refused
            answer.partial_success.error_message = intake.in_words()
        return self._response(answer, 200)

    def error(self, status: int, message: str) -> HttpResponse:
        code = {400: INVALID_ARGUMENT, 429: RESOURCE_EXHAUSTED, 503: UNAVAILABLE}.get(status, UNKNOWN)
        return self._response(Status(code=code, message=message), status)

    def _in_protobuf(self, body: bytes) -> bytes:
        if self._media_type() == PROTOBUF:
            return refuse_hollow(body)
        try:
            text = str(body, "utf-8")
            refuse_many(text, LARGE)
            message = ParseDict(_object(read_json(text)), ExportMetricsServiceRequest(), ignore_unknown_fields=True)
        except (ValueError, NotTheMessage) as error:
            raise _not_the_request(error) from None
        return message.SerializeToString()

    def _media_type(self) -> str:
        return str(self.request.headers.get("Content-Type", "")).partition(";")[0].strip().lower()

    def _response(self, message: Message, status: int) -> HttpResponse:
        if self._media_type() == JSON:
            return HttpResponse(MessageToJson(message, indent=None), status=status, content_type=JSON)
        return HttpResponse(message.SerializeToString(), status=status, content_type=PROTOBUF)


def _not_the_request(error: Exception) -> ParseError:
    return ParseError(f"The body is not an ExportMetricsServiceRequest: {error}"[:500])


def _object(value: Any) -> Any:
    if not isinstance(value, dict):
        raise ValueError("it must be an object.")
    return value
