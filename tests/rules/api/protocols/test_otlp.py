"""OTLP over HTTP: the exporter of the OpenTelemetry SDK against us, and requests made by hand."""

import gzip
import json
import time

import pytest
from google.protobuf.json_format import MessageToJson, Parse
from google.rpc.status_pb2 import Status
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource

from rules.ingest.protocols.otlp_messages import MetricsRequest
from rules.models import ActivityEntry, MetricReceipt, MetricSeries
from smartagent.accounts.tokens import issue_token
from tests.rules.api.protocols.senders import Sender, kept

PROTOBUF, JSON = "application/x-protobuf", "application/json"
NOW = time.time_ns() // 1000 * 1000


def request_of(*metrics, resource=()):
    """A request with the metrics that are given as dictionaries of the JSON form."""
    attributes = [{"key": key, "value": {"stringValue": value}} for key, value in resource]
    return {"resourceMetrics": [{"resource": {"attributes": attributes}, "scopeMetrics": [{"metrics": metrics}]}]}


def send(user, request, content_type, **headers):
    body = json.dumps(request).encode()
    if content_type == PROTOBUF:
        body = Parse(body, ExportMetricsServiceRequest()).SerializeToString()
    if headers.get("Content_Encoding") == "gzip":
        body = gzip.compress(body)
    return Sender(user).post("/v1/metrics", body, content_type, **headers)


def partial(answer, content_type):
    """The rejected data points and the error message of a response."""
    assert (answer.status_code, answer["Content-Type"]) == (200, content_type)
    if content_type == JSON:
        found = answer.json().get("partialSuccess", {})
        return int(found.get("rejectedDataPoints", 0)), found.get("errorMessage", "")
    found = ExportMetricsServiceResponse.FromString(answer.content).partial_success
    return found.rejected_data_points, found.error_message


POINT = {"timeUnixNano": str(NOW), "attributes": [{"key": "http.route", "value": {"stringValue": "/"}}]}
RESOURCE = [
    ("service.namespace", "shop"), ("service.name", "cart"), ("service.instance.id", "7"), ("telemetry.sdk.name", "x"),
    ("host.name", "web-1"),
]  # fmt: skip
METRICS = [
    {"name": "queue.depth", "gauge": {"dataPoints": [POINT | {"asInt": "7"}]}},
    {"name": "requests", "sum": {"aggregationTemporality": 1, "dataPoints": [POINT | {"asDouble": 2.5}]}},
    {"name": "latency", "histogram": {"aggregationTemporality": 2, "dataPoints": [
        POINT | {"count": "6", "sum": 9.5, "bucketCounts": ["1", "2", "3"], "explicitBounds": [0.5, 5]}]}},
    {"name": "old", "summary": {"dataPoints": [
        POINT | {"count": "2", "sum": 3, "quantileValues": [{"quantile": 0.99, "value": 2}]}]}},
]  # fmt: skip
LABELS = 'host_name="web-1",http_route="/",instance="7",job="shop/cart"'


@pytest.mark.parametrize("content_type", [PROTOBUF, JSON])
@pytest.mark.parametrize("encoding", ["gzip", ""])
def test_all_kinds_of_metrics(alice, content_type, encoding):
    answer = send(alice, request_of(*METRICS, resource=RESOURCE), content_type, Content_Encoding=encoding)
    assert partial(answer, content_type) == (0, "")
    bucket = LABELS.replace("job=", 'job="shop/cart",le="{}"')[: -len('"shop/cart"')]
    assert kept() == {
        f"queue.depth{{{LABELS}}}": [7], f"requests{{{LABELS}}}": [2.5], f"latency_count{{{LABELS}}}": [6],
        f"latency_sum{{{LABELS}}}": [9.5], "latency_bucket{" + bucket.format("0.5") + "}": [1],
        "latency_bucket{" + bucket.format("5") + "}": [3], "latency_bucket{" + bucket.format("+Inf") + "}": [6],
        f"old_count{{{LABELS}}}": [2], f"old_sum{{{LABELS}}}": [3], f'old{{{LABELS},quantile="0.99"}}': [2],
    }  # fmt: skip


@pytest.mark.parametrize("content_type", [PROTOBUF, JSON])
def test_what_is_not_kept_is_a_partial_success(alice, content_type):
    late = POINT | {"timeUnixNano": str(NOW + 10**14)}
    wrong = [
        METRICS[0],
        {"name": "fusion_score", "gauge": {"dataPoints": [POINT | {"asInt": "7"}]}},
        {"name": "", "gauge": {"dataPoints": [POINT | {"asInt": "7"}]}},
        {"name": "late", "gauge": {"dataPoints": [late | {"asInt": "1"}]}},
        {"name": "h", "histogram": {"dataPoints": [POINT | {"count": "1", "bucketCounts": ["1"] * 3}]}},
        {"name": "h2", "histogram": {"dataPoints": [late | {"count": "1", "sum": 1, "bucketCounts": ["1"]}]}},
        {"name": "ended", "gauge": {"dataPoints": [POINT | {"flags": 1}]}},
        {"name": "nothing"},
        {"name": "e", "exponentialHistogram": {"dataPoints": [POINT | {"count": "5", "sum": 2, "scale": 1}]}},
    ]
    rejected, message = partial(send(alice, request_of(*wrong), content_type), content_type)
    assert rejected == 5
    assert message.startswith("3 samples were written; not kept: 3 × invalid series, 2 × time in the future, ")
    assert "3 buckets do not belong to 0 bounds" in message
    assert kept() == {f'{name}{{http_route="/"}}': [value] for name, value in [
        ("queue.depth", 7), ("e_count", 5), ("e_sum", 2)]}  # fmt: skip
    assert MetricReceipt.objects.get().not_kept == {
        "invalid series": 3, "time in the future": 2, "stale marker": 1, "data point without a value": 1,
        "buckets of an exponential histogram": 1,
    }  # fmt: skip
    assert ActivityEntry.objects.get().context["protocol"] == "OTLP"


BOMB = gzip.compress(b"\x0a\x00" * 9_000_000, 1, mtime=0)


@pytest.mark.parametrize(("body", "content_type", "encoding", "status", "message"), [
    (b"\xff" * 9, PROTOBUF, "", 400, "is not an ExportMetricsServiceRequest"),
    (b"\x0a\x00" * 1_500_000, PROTOBUF, "", 413, "more than 20,000 empty messages"),
    (BOMB, PROTOBUF, "gzip", 413, "maximum is 16,777,216 bytes"),
    (BOMB[:-20], PROTOBUF, "gzip", 413, "maximum is 16,777,216 bytes"),
    (b"x" * 99, PROTOBUF, "gzip", 400, "the body is not"),
    (b"x", PROTOBUF, "zstd", 415, "only gzip is supported"),
    (b"x", "text/plain", "", 415, "must be application/x-protobuf or application/json"),
    (b"{", JSON, "", 400, "is not an ExportMetricsServiceRequest"),
    (b"[]", JSON, "", 400, "is not an ExportMetricsServiceRequest"),
    (b'{"resourceMetrics": 7}', JSON, "", 400, "is not an ExportMetricsServiceRequest"),
    (b'{"resourceMetrics": ["\xff"]}', JSON, "", 400, "is not an ExportMetricsServiceRequest"),
    (b"[" * 100_000, JSON, "", 400, "nested too deeply"),
    (b"[" + b"{}," * 500_000 + b"{}]", JSON, "", 413, "more than 500,000 values"),
])  # fmt: skip
def test_hostile_bodies(alice, body, content_type, encoding, status, message):
    answer = Sender(alice).post("/v1/metrics", body, content_type, Content_Encoding=encoding)
    said = answer.json()["message"] if content_type == JSON else Status.FromString(answer.content).message
    assert (answer.status_code, message in said) == (status, True), said


@pytest.mark.parametrize(
    "attribute", [b"\xff", b"\x0a\x01\xff", b"\x12\x02" + b"\x2a\x7f"], ids=["none", "no UTF-8", "cut off"]
)
def test_an_attribute_that_is_none(alice, attribute):
    request = MetricsRequest()
    metric = request.resource_metrics.add().scope_metrics.add().metrics.add(name="cpu")
    point = metric.gauge.data_points.add(time_unix_nano=NOW, as_double=7)
    point.attributes.append(attribute)
    answer = Sender(alice).post("/v1/metrics", request.SerializeToString(), PROTOBUF)
    assert (answer.status_code, kept()) == (400, {})
    assert "is not an ExportMetricsServiceRequest" in Status.FromString(answer.content).message


def test_values_that_json_cannot_write_are_words(alice):
    points = [POINT | {"asDouble": value} for value in ("NaN", "Infinity")]
    answer = send(alice, request_of({"name": "odd", "gauge": {"dataPoints": points}}), JSON)
    assert partial(answer, JSON)[0] == 1
    assert MetricReceipt.objects.get().not_kept == {"not a number": 1, "infinite value": 1}
    assert MessageToJson(ExportMetricsServiceResponse(), indent=None) == "{}"


@pytest.mark.django_db(transaction=True)
def test_the_exporter_of_the_sdk(alice, live_server):
    exporter = OTLPMetricExporter(
        endpoint=f"{live_server.url}/v1/metrics", headers={"Authorization": f"Bearer {issue_token(alice, 'sdk')[1]}"}
    )
    reader = PeriodicExportingMetricReader(exporter, export_interval_millis=float("inf"))
    provider = MeterProvider([reader], Resource({"service.name": "shop"}))
    meter = provider.get_meter("shop")
    meter.create_counter("orders").add(3, {"country": "de", "paid": True, "items": [1, 2]})
    meter.create_histogram("basket", explicit_bucket_boundaries_advisory=[10, 100]).record(50)
    provider.force_flush()
    provider.shutdown()
    assert kept()['orders{country="de",items="[1, 2]",job="shop",paid="true"}'][0] == 3
    assert kept()['basket_bucket{job="shop",le="100"}'][0] == 1
    assert MetricSeries.objects.filter(user=alice).count() == 6
    assert MetricReceipt.objects.get().refused_at is None
