"""Why something that a program sent was not stored, in words that help whoever runs the program."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rules.ingest.intake import BETWEEN_EXAMPLES, HARMLESS_REASONS, Reason

EXPLANATIONS: Mapping[str, str] = {
    Reason.STALE: "The sender ended a series. Nothing is lost.",
    Reason.NOT_A_NUMBER: "The sender had no value. Nothing is lost.",
    Reason.INVALID: "The name or the labels cannot be stored. A series has at most 20 labels, of 2 KB together.",
    Reason.NOT_FINITE: "Infinite values are not stored.",
    Reason.FUTURE: "Times may be at most 5 minutes ahead. Check the sender's clock and the unit of its times.",
    Reason.TOO_OLD: "Check the unit of the times that the sender writes.",
    Reason.NATIVE_HISTOGRAM: "Native histograms are not stored. Let Prometheus scrape classic histograms as well.",
    Reason.EXPONENTIAL_HISTOGRAM: "Count and sum are stored, the buckets are not.",
    Reason.EXEMPLAR: "The samples are stored, their exemplars are not.",
    Reason.TEXT: "Numbers and truth values are stored, text is not.",
    Reason.LINE: "The line cannot be read. The last examples have the numbers of lines; the others were written.",
    Reason.NO_VALUE: "The data point says that nothing was recorded. Nothing is lost.",
    Reason.ALERT: "The alert cannot be stored. The last examples say why.",
    Reason.SERIES: "The person has as many series as may be; those that there are go on. Look for a label whose values "
    "never end, or raise MAX_SERIES_PER_PERSON.",
    Reason.RATE: "The request was refused and is to be sent again later. If that is often so, send fewer samples, or "
    "raise INGEST_SAMPLES_PER_MINUTE.",
    Reason.TRUNCATED: "Alertmanager left out alerts: raise max_alerts in its webhook.",
}


@dataclass(frozen=True, slots=True)
class NotKept:
    """One reason: how often it occurred, what it means, and whether it is an error of the sender."""

    reason: str
    count: int
    explanation: str
    is_refused: bool


def reasons_not_kept(counts: Mapping[str, Any]) -> list[NotKept]:
    """The reasons of a receipt: errors of the sender first, then by count."""
    found = [
        NotKept(name, int(count), EXPLANATIONS.get(name, ""), name not in HARMLESS_REASONS)
        for name, count in counts.items()
    ]
    return sorted(found, key=lambda each: (not each.is_refused, -each.count, each.reason))


def not_kept_in_words(counts: Mapping[str, Any]) -> str:
    """`3 × invalid line, 1 × text field`; a dash where everything was stored."""
    return ", ".join(f"{each.count:,} × {each.reason}" for each in reasons_not_kept(counts)) or "–"


def examples_of(example: str) -> list[str]:
    """The examples of a receipt, of its latest request in which something was refused; an empty one where none was."""
    return example.split(BETWEEN_EXAMPLES)
