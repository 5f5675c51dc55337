"""Traces are sent by OTLP over HTTP to `OTEL_EXPORTER_OTLP_ENDPOINT`; other variables of OpenTelemetry apply, too.

https://opentelemetry.io/docs/specs/otel/protocol/exporter/
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import Any
from uuid import UUID

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    Status,
    StatusCode,
    TraceFlags,
    Tracer,
    set_span_in_context,
    use_span,
)

from smartagent.kernel.tracing import Note, Tracing

SERVICE, SEND_EVERY = "smartagent", 1000  # milliseconds
LOW_64 = (1 << 64) - 1
BEGUN: ContextVar[UUID | None] = ContextVar("run whose first span begins", default=None)


class RunIds(RandomIdGenerator):
    """The first span of a run has its IDs."""

    def generate_trace_id(self) -> int:
        run = BEGUN.get()
        return run.int if run else super().generate_trace_id()

    def generate_span_id(self) -> int:
        run = BEGUN.get()
        return run.int & LOW_64 if run else super().generate_span_id()


def start(version: str) -> TracerProvider:
    """Begin to trace; a receiver that does not answer costs nothing but the spans."""
    resource = Resource.create({SERVICE_VERSION: version})  # with what the environment gives
    if str(resource.attributes.get(SERVICE_NAME, "")).startswith("unknown_service"):
        resource = resource.merge(Resource({SERVICE_NAME: SERVICE}))
    provider = TracerProvider(resource=resource, id_generator=RunIds())
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(), schedule_delay_millis=SEND_EVERY))
    Tracing.begin = partial(_begin, provider.get_tracer(SERVICE))
    return provider


@contextmanager
def _begin(tracer: Tracer, name: str, run: UUID | None, first: bool, attributes: dict[str, Any]) -> Iterator[Note]:
    token = BEGUN.set(run if first else None)
    try:
        span = tracer.start_span(name, context=_of(run) if run and not first else None, attributes=attributes)
    finally:
        BEGUN.reset(token)

    def note(**further: Any) -> None:
        span.set_attributes({name: value for name, value in further.items() if value not in (None, "")})
        if further.get("error"):
            span.set_status(Status(StatusCode.ERROR, str(further["error"])))

    with use_span(span, end_on_exit=True, record_exception=False):
        yield note


def _of(run: UUID) -> Any:
    """The context within the first span of a run, wherever that was."""
    first = SpanContext(run.int, run.int & LOW_64, is_remote=True, trace_flags=TraceFlags(TraceFlags.SAMPLED))
    return set_span_in_context(NonRecordingSpan(first))
