"""Programs that send metrics with a token of theirs, and what of it is stored."""

import struct
from typing import Any

import cramjam
from django.http import HttpResponse
from django.test import Client

from rules.ingest.protocols.prometheus_messages import VERSION_1, VERSION_2
from rules.ingest.protocols.remote_write import STALE_BYTES
from rules.models import MetricSample
from smartagent.accounts.tokens import issue_token
from smartagent.models import User

REMOTE_WRITE = "/api/v1/write"
STALE = struct.unpack("<d", STALE_BYTES)[0]
Series = tuple[dict[str, str], list[tuple[float, int]]]  # labels, and (value, milliseconds since 1970)


class Sender:
    """Sends bodies with a token of `user`."""

    def __init__(self, user: User) -> None:
        self.client, self.token = Client(raise_request_exception=False), issue_token(user, "agent")[1]

    def post(self, address: str, body: bytes, content_type: str, **headers: str) -> HttpResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        named = {"Authorization": f"Bearer {self.token}"} | named
        answer: Any = self.client.generic("POST", address, body, content_type, headers=named)
        return answer  # type: ignore[no-any-return]

    def write(self, *series: Series, version: int = 1, **headers: str) -> HttpResponse:
        """Send by remote write."""
        message = {1: version_1, 2: version_2}[version](*series)
        return self.write_bytes(cramjam.snappy.compress_raw(message.SerializeToString()), version, **headers)

    def write_bytes(self, body: Any, version: int = 1, **headers: str) -> HttpResponse:
        proto = {1: "", 2: ";proto=io.prometheus.write.v2.Request"}[version]
        given = {"Content_Encoding": "snappy"} | headers
        return self.post(REMOTE_WRITE, bytes(body), f"application/x-protobuf{proto}", **given)


def version_1(*series: Series) -> Any:
    request = VERSION_1["WriteRequest"]()
    for labels, samples in series:
        added = request.timeseries.add()
        for name, value in labels.items():
            added.labels.append(VERSION_1["Label"](name=name, value=value).SerializeToString())
        for value, at in samples:
            added.samples.add(value=value, timestamp=at)
    return request


def version_2(*series: Series) -> Any:
    symbols, request = [""], VERSION_2["Request"]()
    for labels, samples in series:
        added = request.timeseries.add()
        for text in [text for pair in labels.items() for text in pair]:
            if text not in symbols:
                symbols.append(text)
            added.labels_refs.append(symbols.index(text))
        for value, at in samples:
            added.samples.add(value=value, timestamp=at)
    request.symbols.extend(symbols)
    return request


def kept() -> dict[str, list[float]]:
    """The values of each series, in the order of time."""
    found: dict[str, list[float]] = {}
    for sample in MetricSample.objects.select_related("series").order_by("observed_at"):
        found.setdefault(str(sample.series), []).append(sample.value)
    return found
