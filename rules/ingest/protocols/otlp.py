"""OpenTelemetry metrics (OTLP 1.x, opentelemetry/proto/metrics/v1/metrics.proto): a request into an `Intake`.

A sum or a gauge is a series of its name. A histogram is `_count`, `_sum` and `_bucket` by `le`, whose counts are
cumulative as in Prometheus; an exponential one is `_count` and `_sum`; a summary is a series by `quantile`, `_count`
and `_sum`. Deltas are kept as they are: the sum over a window is their increase.
"""

from collections.abc import Iterable, Iterator
from itertools import accumulate
from typing import Any

from rules.ingest.intake import Intake, Reason
from rules.ingest.protocols.messages import parsed
from rules.ingest.protocols.otlp_attributes import Labels, labels_of_attributes, labels_of_resource
from rules.ingest.protocols.otlp_messages import KeyValue
from rules.ingest.translation import Named, Translations, translate

NO_RECORDED_VALUE = 1  # DataPointFlags
OTLP_NAMES = Translations()
Sampled = tuple[str, Labels, float]  # what the name of a series ends with, its further labels, and a value


def read_metrics(request: Any, intake: Intake) -> None:
    """Read a `MetricsRequest`; BadMessage where an attribute is none."""
    for of_resource in request.resource_metrics:
        resource = labels_of_resource(of_resource.resource.attributes)
        for scope in of_resource.scope_metrics:
            for metric in scope.metrics:
                _read_metric(metric, resource, intake)


def _read_metric(metric: Any, resource: Labels, intake: Intake) -> None:
    kind = metric.WhichOneof("data")
    if kind is None:
        intake.leave_out(Reason.NO_VALUE)
        return
    points = getattr(metric, kind).data_points
    if kind in ("gauge", "sum"):
        _read_numbers(metric.name, points, resource, intake)
    else:
        read = {"histogram": _histogram, "exponential_histogram": _exponential, "summary": _summary}[kind]
        for point in points:
            _read_parts(metric.name, point, read, resource, intake)


def _read_numbers(name: str, points: Iterable[Any], resource: Labels, intake: Intake) -> None:
    for point in points:
        named = _named(name, resource, tuple(point.attributes))
        if isinstance(named, str):
            intake.leave_out(Reason.INVALID, 1, named)
            continue
        place, at = intake.place(named), _time(point, intake)
        kind = point.WhichOneof("value")
        if point.flags & NO_RECORDED_VALUE:
            intake.end(place, at)
        elif kind is None:
            intake.leave_out(Reason.NO_VALUE)
        else:
            intake.add(place, at, point.as_double if kind == "as_double" else float(point.as_int))
        if point.exemplars:
            intake.leave_out(Reason.EXEMPLAR, len(point.exemplars))


def _read_parts(name: str, point: Any, read: Any, resource: Labels, intake: Intake) -> None:
    """Read a data point that is several series; it counts as one where it is refused."""
    at, attributes = _time(point, intake), tuple(point.attributes)
    if not intake.is_time(at, name):
        return
    try:
        parts = list(read(point, intake))
    except ValueError as error:
        intake.leave_out(Reason.INVALID, 1, f"{name[:100]}: {error}")
        return
    for suffix, further, value in parts:
        named = _named(name + suffix, resource, attributes, further)
        if isinstance(named, str):
            intake.leave_out(Reason.INVALID, 1, named)
            return
        if point.flags & NO_RECORDED_VALUE:
            intake.end(intake.place(named), at)
        else:
            intake.add(intake.place(named), at, value)


def _histogram(point: Any, intake: Intake) -> Iterator[Sampled]:
    bounds, counts = point.explicit_bounds, point.bucket_counts
    if len(counts) != len(bounds) + 1 and (counts or bounds):
        raise ValueError(f"{len(counts)} buckets do not belong to {len(bounds)} bounds")
    yield from _count_and_sum(point)
    limits = [(("le", _number(bound)),) for bound in bounds] + [(("le", "+Inf"),)]
    for limit, count in zip(limits, accumulate(counts), strict=False):
        yield "_bucket", limit, float(count)
    if point.exemplars:
        intake.leave_out(Reason.EXEMPLAR, len(point.exemplars))


def _exponential(point: Any, intake: Intake) -> Iterator[Sampled]:
    intake.leave_out(Reason.EXPONENTIAL_HISTOGRAM)
    return _count_and_sum(point)


def _summary(point: Any, intake: Intake) -> Iterator[Sampled]:
    yield "_count", (), float(point.count)
    yield "_sum", (), point.sum
    for each in point.quantile_values:
        yield "", (("quantile", _number(each.quantile)),), each.value


def _count_and_sum(point: Any) -> Iterator[Sampled]:
    yield "_count", (), float(point.count)
    if point.HasField("sum"):
        yield "_sum", (), point.sum


def _named(name: str, resource: Labels, attributes: tuple[bytes, ...], further: Labels = ()) -> Named | str:
    said = (name, resource, attributes, further)
    named = OTLP_NAMES.get(said)
    if named is None:
        labels = resource + labels_of_attributes([parsed(KeyValue, each) for each in attributes]) + further
        length = len(name) + sum(len(key) + len(value) for key, value in labels)
        return OTLP_NAMES.keep(said, translate(name, labels), length)
    return named


def _time(point: Any, intake: Intake) -> int:
    """The time of a data point in microseconds since 1970; that of the request where it has none."""
    nanoseconds: int = point.time_unix_nano
    return nanoseconds // 1000 if nanoseconds else intake.received_at


def _number(value: float) -> str:
    """A bound as Prometheus writes it: 5 rather than 5.0."""
    return f"{value:.0f}" if value.is_integer() and abs(value) < 1e15 else repr(value)
