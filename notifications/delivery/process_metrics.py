"""What deliveries count for Prometheus, by kind of channel."""

from collections import Counter
from collections.abc import Iterable
from itertools import product

from notifications.models import Delivery
from notifications.registries import channels
from smartagent.kernel.process_metrics import OTHER, counter, histogram

# What becomes of a delivery, and of an attempt that failed: it is due again.
RESULTS = {
    Delivery.Status.DELIVERED: "delivered", Delivery.Status.DUE: "retried", Delivery.Status.DEAD: "failed",
    Delivery.Status.SKIPPED: "skipped",
}  # fmt: skip
LATENCIES = (0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0, 14400.0, 86400.0)

DELIVERIES = counter(
    "smartagent_deliveries_total",
    "Deliveries by kind of channel and result; those with the result retried are attempts that failed for now.",
    ["channel", "result"], lambda: product(_kinds(), RESULTS.values()),
)  # fmt: skip
LATENCY_SECONDS = histogram(
    "smartagent_delivery_latency_seconds",
    "Time from the creation of a delivery, with its notification, until the receiver accepted it.",
    ["channel"], lambda: [(kind,) for kind in _kinds()], buckets=LATENCIES,
)  # fmt: skip


def count_outcomes(stored: Iterable[tuple[str, str]]) -> None:
    """Count deliveries by their kind of channel and their status, as they were stored."""
    for (kind, status), number in Counter(stored).items():
        DELIVERIES.labels(_known(kind), RESULTS[Delivery.Status(status)]).inc(number)


def observe_latencies(accepted: Iterable[tuple[str, float]]) -> None:
    """Observe how long accepted deliveries took, in seconds, by their kind of channel."""
    for kind, seconds in accepted:
        LATENCY_SECONDS.labels(_known(kind)).observe(max(seconds, 0.0))


def _kinds() -> list[str]:
    return [channel.kind for channel in channels]


def _known(kind: str) -> str:
    return kind if kind in channels else OTHER
