"""Names and labels of other systems as those of our series.

A character that a name of ours cannot have becomes `_`, as in Prometheus's translation of OpenTelemetry metrics; labels
that become one have their values joined by `;`.
"""

import re
from collections.abc import Iterable

from rules.engine.series_labels import LABEL_NAME, METRIC_NAME_LABEL, checked_labels, series_key
from rules.ingest.samples import METRIC_NAME, check_metric, check_target

NOT_IN_METRIC, NOT_IN_LABEL = re.compile(r"[^a-zA-Z0-9_.:-]"), re.compile(r"[^a-zA-Z0-9_]")
MAX_KNOWN, MAX_KNOWN_LENGTH = 30_000, 4096

Named = tuple[str, str]  # the metric and the key of the labels of a series, whoever has it


class Translations(dict[object, Named | str]):
    """What series of a sender translate to: (metric, key), or the error. A bounded memory: what is said is pure."""

    def keep(self, said: object, found: Named | str, length: int) -> Named | str:
        """Remember `found` where what was said is at most of moderate length, and return it."""
        if length <= MAX_KNOWN_LENGTH:
            if len(self) >= MAX_KNOWN:
                self.clear()
            self[said] = found
        return found


def translate(name: str, labels: Iterable[tuple[str, str]]) -> Named | str:
    """The metric and the key of a series, or the error in it."""
    try:
        return check_metric(metric_name(name)), key_of(labels)
    except ValueError as error:
        return str(error)


def metric_name(name: str) -> str:
    """The name as one of ours; an empty or overlong one is left as it is."""
    if METRIC_NAME.fullmatch(name):
        return name
    plain = NOT_IN_METRIC.sub("_", name)
    return f"_{plain}" if plain[:1].isdigit() or plain[:1] in (".", "-") else plain


def label_name(name: str) -> str:
    """The name as one of ours; an empty one is left as it is."""
    if LABEL_NAME.fullmatch(name):
        return name
    plain = NOT_IN_LABEL.sub("_", name)
    return f"_{plain}" if plain[:1].isdigit() else plain


def key_of(labels: Iterable[tuple[str, str]]) -> str:
    """The key of these labels; ValueError where they are too many, too long, or cannot be stored."""
    named: dict[str, str] = {}
    for name, value in labels:
        ours = label_name(name)
        if ours == METRIC_NAME_LABEL:
            raise ValueError(f"The label {name[:40]} is the name of the metric.")
        named[ours] = f"{named[ours]};{value}" if ours in named else value
    checked = checked_labels(named)
    check_target(checked.get("target"))
    return series_key(checked)
