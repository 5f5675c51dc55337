"""Prometheus remote write 1.0 and 2.0 (https://prometheus.io/docs/specs/prw/): the message into an `Intake`."""

import struct
from collections.abc import Sequence
from typing import Any

from rules.engine.series_labels import METRIC_NAME_LABEL
from rules.ingest.intake import Intake, Reason
from rules.ingest.protocols.messages import BadMessage, parsed
from rules.ingest.protocols.prometheus_messages import VERSION_1, VERSION_2
from rules.ingest.translation import Named, Translations, translate

STALE_BITS = 0x7FF0000000000002  # the NaN that ends a series (model/value/value.go)
STALE_BYTES = struct.pack("<Q", STALE_BITS)
WRITE_NAMES = Translations()  # by the labels as they came: bytes of 1.0, texts of 2.0


def read_version_1(body: bytes, intake: Intake) -> None:
    """Read a `prometheus.WriteRequest`; BadMessage where it is none."""
    for series in parsed(VERSION_1["WriteRequest"], body).timeseries:
        said = tuple(series.labels)
        named = WRITE_NAMES.get(said)
        if named is None:
            named = WRITE_NAMES.keep(said, _of_pairs(_decoded(said)), sum(map(len, said)))
        _add_samples(series, named, intake)


def read_version_2(body: bytes, intake: Intake) -> None:
    """Read an `io.prometheus.write.v2.Request`; BadMessage where it is none."""
    request = parsed(VERSION_2["Request"], body)
    symbols = list(request.symbols)
    if symbols and symbols[0]:
        raise BadMessage("The first symbol of a request of remote write 2.0 must be empty.")
    for series in request.timeseries:
        try:
            said = tuple([symbols[ref] for ref in series.labels_refs])
        except IndexError:
            _leave_out(series, "a label refers to a symbol that is missing", intake)
            continue
        named = WRITE_NAMES.get(said)
        if named is None:
            named = WRITE_NAMES.keep(said, _of_texts(said), sum(map(len, said)))
        _add_samples(series, named, intake)


def is_stale(value: float) -> bool:
    """Whether it is the stale marker, which is told from other NaN by its bits alone."""
    return struct.pack("<d", value) == STALE_BYTES


def _decoded(labels: Sequence[bytes]) -> list[tuple[str, str]]:
    decoded = [parsed(VERSION_1["Label"], label) for label in labels]
    return [(label.name, label.value) for label in decoded]


def _of_texts(texts: Sequence[str]) -> Named | str:
    if len(texts) % 2:
        return "the number of references to labels is odd"
    return _of_pairs(list(zip(texts[::2], texts[1::2], strict=True)))


def _of_pairs(pairs: Sequence[tuple[str, str]]) -> Named | str:
    names = [value for name, value in pairs if name == METRIC_NAME_LABEL]
    if len(names) != 1:
        return f"the label {METRIC_NAME_LABEL} is missing" if not names else f"two labels {METRIC_NAME_LABEL}"
    if len({name for name, _ in pairs}) < len(pairs):
        return f"{names[0][:100]}: two labels have one name"
    return translate(names[0], [pair for pair in pairs if pair[0] != METRIC_NAME_LABEL])


def _add_samples(series: Any, named: Named | str, intake: Intake) -> None:
    if isinstance(named, str):
        _leave_out(series, named, intake)
        return
    place = intake.place(named)
    for sample in series.samples:
        value = sample.value
        if value != value and is_stale(value):
            intake.end(place, sample.timestamp * 1000)
        else:
            intake.add(place, sample.timestamp * 1000, value)
    if series.histograms:
        intake.leave_out(Reason.NATIVE_HISTOGRAM, len(series.histograms), "".join(named)[:200])
    if series.exemplars:
        intake.leave_out(Reason.EXEMPLAR, len(series.exemplars))


def _leave_out(series: Any, error: str, intake: Intake) -> None:
    intake.leave_out(Reason.INVALID, len(series.samples) or 1, error[:300])
    if series.histograms:
        intake.leave_out(Reason.NATIVE_HISTOGRAM, len(series.histograms))
