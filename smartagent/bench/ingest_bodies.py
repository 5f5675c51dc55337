"""Bodies of requests that push samples, by protocol."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import cramjam
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from rules.ingest.protocols.prometheus_messages import VERSION_1, VERSION_2

BENCH_METRIC = "node_cpu_seconds_total"
Sample = tuple[dict[str, str], datetime, float]  # labels, time and value


@dataclass(frozen=True, kw_only=True)
class Body:
    """How a protocol's requests are made."""

    path: str
    content_type: str
    make: Callable[[list[Sample]], bytes]
    headers: dict[str, str] = field(default_factory=dict)


def _json(batch: list[Sample]) -> bytes:
    samples = [
        {"metric": BENCH_METRIC, "value": value, "observed_at": at.isoformat(), "labels": labels}
        for labels, at, value in batch
    ]
    return json.dumps(samples).encode()


def _remote_write_1(batch: list[Sample]) -> bytes:
    request, label = VERSION_1["WriteRequest"](), VERSION_1["Label"]
    for labels, at, value in batch:
        series = request.timeseries.add()
        for name, text in ({"__name__": BENCH_METRIC} | labels).items():
            series.labels.append(label(name=name, value=text).SerializeToString())
        series.samples.add(value=value, timestamp=_milliseconds(at))
    return _snappy(request)


def _remote_write_2(batch: list[Sample]) -> bytes:
    request, symbols = VERSION_2["Request"](), {"": 0}
    for labels, at, value in batch:
        series = request.timeseries.add()
        for pair in ({"__name__": BENCH_METRIC} | labels).items():
            series.labels_refs.extend([symbols.setdefault(text, len(symbols)) for text in pair])
        series.samples.add(value=value, timestamp=_milliseconds(at))
    request.symbols.extend(symbols)
    return _snappy(request)


def _otlp(batch: list[Sample]) -> bytes:
    request: Any = ExportMetricsServiceRequest()
    metric = request.resource_metrics.add().scope_metrics.add().metrics.add(name=BENCH_METRIC)
    metric.sum.is_monotonic, metric.sum.aggregation_temporality = True, 2
    for labels, at, value in batch:
        point = metric.sum.data_points.add(time_unix_nano=_milliseconds(at) * 10**6, as_double=value)
        for name, text in labels.items():
            point.attributes.add(key=name).value.string_value = text
    return bytes(request.SerializeToString())


def _lines(batch: list[Sample]) -> bytes:
    lines = [
        f"{BENCH_METRIC},{','.join(f'{name}={text}' for name, text in labels.items())} "
        f"value={value} {_milliseconds(at)}"
        for labels, at, value in batch
    ]
    return "\n".join(lines).encode()


def _snappy(message: Any) -> bytes:
    snappy: Any = cramjam.snappy
    return bytes(snappy.compress_raw(message.SerializeToString()))


def _milliseconds(at: datetime) -> int:
    return round(at.timestamp() * 1000)


PROTOBUF, SNAPPY = "application/x-protobuf", {"HTTP_CONTENT_ENCODING": "snappy"}
BODIES = {
    "json": Body(path="/api/samples/", content_type="application/json", make=_json),
    "remote_write": Body(path="/api/v1/write", content_type=PROTOBUF, make=_remote_write_1, headers=SNAPPY),
    "remote_write_2": Body(
        path="/api/v1/write", content_type=f"{PROTOBUF};proto=io.prometheus.write.v2.Request", make=_remote_write_2,
        headers=SNAPPY,
    ),
    "otlp": Body(path="/v1/metrics", content_type=PROTOBUF, make=_otlp),
    "influx": Body(
        path="/api/v2/write", content_type="text/plain", make=_lines, headers={"QUERY_STRING": "precision=ms"}
    ),
}  # fmt: skip
