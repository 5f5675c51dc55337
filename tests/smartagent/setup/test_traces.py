"""One trace from an evaluation to each attempt, at a receiver of OTLP on loopback."""

import pytest
from django.utils import timezone
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from pytest_httpserver import HTTPServer

from notifications.delivery.worker import deliver
from rules.evaluation.dispatcher import dispatch
from rules.models import MetricSample
from smartagent.kernel.tracing import Tracing
from smartagent.setup.traces import LOW_64, start
from tests.notifications.outside import channel_of
from tests.rules.rule_cast import rule_of


@pytest.fixture
def provider(httpserver: HTTPServer, monkeypatch):
    httpserver.expect_request("/v1/traces", method="POST").respond_with_data(b"")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", httpserver.url_for("").rstrip("/"))
    monkeypatch.setattr(Tracing, "begin", None)
    started = start("7.0")
    yield started
    started.shutdown()


def spans_at(receiver: HTTPServer):
    found, services = [], set()
    for request, _ in receiver.log:
        if request.path == "/v1/traces":
            for each in ExportTraceServiceRequest.FromString(request.data).resource_spans:
                services |= {(one.key, one.value.string_value) for one in each.resource.attributes}
                found += [span for scope in each.scope_spans for span in scope.spans]
    return found, services


@pytest.mark.django_db(transaction=True)
def test_one_trace_from_evaluation_to_each_attempt(alice, httpserver, provider, settings):
    settings.OUTBOUND_ALLOWED = ["127.0.0.0/8"]
    httpserver.expect_request("/good").respond_with_data("ok")
    httpserver.expect_request("/bad").respond_with_data("no", status=400)
    for number, path in enumerate(("good", "bad")):
        channel_of(alice, name=path, url=httpserver.url_for(f"/{path}"), position=number)
    rule_of(alice, metric_type="cpu", condition_operator=">")
    now = timezone.now()
    MetricSample.objects.push(user=alice, metric="cpu", value=95, observed_at=now)
    run = dispatch(now, "api")
    deliver(timezone.now())
    provider.force_flush()
    spans, services = spans_at(httpserver)
    named = {}
    for span in spans:
        if span.trace_id == run.pk.bytes:  # the notice that a channel failed is no message of the run
            named.setdefault(span.name, []).append(span)
    assert {("service.name", "smartagent"), ("service.version", "7.0")} <= services
    (first,) = named["evaluation"]
    assert (int.from_bytes(first.span_id), first.parent_span_id) == (run.pk.int & LOW_64, b"")
    stages = set(named) - {"evaluation", "action alert", "delivery"}
    assert stages == set(run.stage_ms)
    assert {span.parent_span_id for name in [*stages, "delivery"] for span in named[name]} == {first.span_id}
    (action,) = named["action alert"]
    assert {one.key: one.value.int_value for one in action.attributes} == {"firings": 1, "failed": 0}
    assert sorted(span.status.message for span in named["delivery"]) == ["", "Answered 400."]
