"""InfluxDB line protocol, as InfluxDB 1 (`/write`) and 2 (`/api/v2/write`) take it; Telegraf sends it.

Good lines are written; with status 400 the error names the others. Database, bucket and organization are not used.
"""

import json
from typing import ClassVar

from django.http import HttpResponse, HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ParseError

from rules.api.protocols.base import ProtocolView
from rules.api.protocols.bodies import ungzipped
from rules.api.protocols.schema import describes_line_protocol
from rules.ingest.intake import Intake
from rules.ingest.protocols.influx import NANOSECONDS, read_lines

CODES = {
    400: "invalid",
    401: "unauthorized",
    403: "forbidden",
    413: "request too large",
    429: "too many requests",
    503: "unavailable",
}


@describes_line_protocol
class LineProtocolView(ProtocolView):
    """Writes lines, as InfluxDB 2 does."""

    protocol = "InfluxDB line protocol"
    precisions: ClassVar[tuple[str, ...]] = ("ns", "us", "ms", "s")

    def plain(self, encoding: str, body: bytes) -> bytes:
        return ungzipped(encoding, body)

    def read(self, body: bytes, intake: Intake) -> None:
        precision = self.request.GET.get("precision") or "ns"
        if precision not in self.precisions:
            raise ParseError(f"Invalid precision. Valid precisions: {', '.join(self.precisions)}.")
        try:
            read_lines(str(body, "utf-8"), precision, intake)
        except UnicodeDecodeError as error:
            raise ParseError(f"The body is not UTF-8: byte {error.start} does not belong.") from None

    def answer(self, intake: Intake) -> HttpResponseBase:
        return self.error(400, f"partial write: {intake.in_words()}") if intake.refused else HttpResponse(status=204)

    def error(self, status: int, message: str) -> HttpResponse:
        return self.json({"code": CODES.get(status, "internal error"), "message": message}, status)

    def json(self, body: dict[str, str], status: int) -> HttpResponse:
        return HttpResponse(json.dumps(body, ensure_ascii=False), status=status, content_type="application/json")


@extend_schema(exclude=True)
class FirstLineProtocolView(LineProtocolView):
    """Writes lines, as InfluxDB 1 does: with other precisions, and errors of another shape."""

    precisions = tuple(NANOSECONDS)

    def error(self, status: int, message: str) -> HttpResponse:
        return self.json({"error": message}, status)
