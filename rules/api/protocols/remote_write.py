"""Prometheus remote write 1.0 and 2.0 (https://prometheus.io/docs/specs/prw/).

Status 400 and 413 say that sending the request again is of no use, 429 and 503 that it is; with 400 all that can be
kept is written. Stale markers count as written: they end their series.
"""

from django.http import HttpResponse, HttpResponseBase
from rest_framework.exceptions import ParseError, UnsupportedMediaType

from rules.api.protocols.base import ProtocolView
from rules.api.protocols.bodies import refuse_hollow, unsnapped
from rules.api.protocols.schema import describes_remote_write
from rules.ingest.intake import Intake, Reason
from rules.ingest.protocols.messages import BadMessage
from rules.ingest.protocols.remote_write import read_version_1, read_version_2

READER_OF_VERSION = {
    "prometheus.WriteRequest": read_version_1,
    "io.prometheus.write.v2.Request": read_version_2,
}  # fmt: skip
WRITTEN_HEADERS = "X-Prometheus-Remote-Write-{}-Written"


@describes_remote_write
class RemoteWriteView(ProtocolView):
    protocol = "Prometheus remote write"

    def plain(self, encoding: str, body: bytes) -> bytes:
        return refuse_hollow(unsnapped(encoding, body))

    def read(self, body: bytes, intake: Intake) -> None:
        reader = READER_OF_VERSION[self._message()]
        try:
            reader(body, intake)
        except BadMessage as error:
            raise ParseError(str(error)) from None

    def initial(self, request: object, *args: object, **kwargs: object) -> None:
        super().initial(request, *args, **kwargs)  # type: ignore[arg-type]
        if self.request.method == "POST":
            self._message()

    def answer(self, intake: Intake) -> HttpResponseBase:
        answer = self.error(400, intake.in_words()) if intake.refused else HttpResponse(status=204)
        not_a_sample = intake.not_kept[Reason.STALE] + intake.not_kept[Reason.NOT_A_NUMBER]
        for kind, count in (("Samples", len(intake.columns) + not_a_sample), ("Histograms", 0), ("Exemplars", 0)):
            answer[WRITTEN_HEADERS.format(kind)] = str(count)
        return answer

    def error(self, status: int, message: str) -> HttpResponse:
        return HttpResponse(message + "\n", status=status, content_type="text/plain; charset=utf-8")

    def _message(self) -> str:
        """The name of the message in the body; UnsupportedMediaType where it is unknown."""
        parts = [part.strip() for part in str(self.request.headers.get("Content-Type", "")).split(";")]
        parameters = dict(part.split("=", 1) for part in parts[1:] if "=" in part)
        message = parameters.get("proto", "prometheus.WriteRequest").strip('"')
        if parts[0].lower() != "application/x-protobuf" or message not in READER_OF_VERSION:
            raise UnsupportedMediaType(
                "", "The Content-Type must be application/x-protobuf, with proto=prometheus.WriteRequest or "
                "proto=io.prometheus.write.v2.Request."
            )  # fmt: skip
        return message
