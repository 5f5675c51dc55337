"""The latency and failure rate of each channel, as a chart."""

import json
from datetime import datetime
from typing import Any

from django.db.models import Count, Q

from notifications.delivery.statistics import DELIVERED, SECONDS, SINCE, Percentile
from notifications.models.delivery_querysets import DeliveryQuerySet

MAX_CHANNELS = 12


def latency_chart(deliveries: DeliveryQuerySet, now: datetime) -> dict[str, Any] | None:
    """For the busiest channels of the last seven days: median and 95th percentile in seconds, and the failure rate in
    percent; as Chart.js data and as rows. None without deliveries."""
    recent = deliveries.filter(created_at__gte=now - SINCE, status__in=["delivered", "dead"]).order_by()
    found = list(
        recent.values("channel", "channel_name", "user__full_name", "user__email").annotate(
            sent=Count("pk"), failed=Count("pk", filter=Q(status="dead")),
            median=Percentile(SECONDS, 0.5, filter=DELIVERED), slow=Percentile(SECONDS, 0.95, filter=DELIVERED),
        ).order_by("-sent", "channel_name")[:MAX_CHANNELS]
    )  # fmt: skip
    if not found:
        return None
    rows = [
        {"name": name, "sent": row["sent"], "median": _rounded(row["median"]), "slow": _rounded(row["slow"]),
         "failed": round(100 * row["failed"] / row["sent"], 1)}
        for name, row in zip(_names(found), found, strict=True)
    ]  # fmt: skip
    return {"rows": rows, "data": _bars(rows, TIMES), "failures": _bars(rows, FAILURES)}


TIMES = [
    ("median", "p50 (s)", "var(--color-primary-500)"),
    ("slow", "p95 (s)", "var(--color-primary-300)"),
]
FAILURES = [("failed", "Failed (%)", "var(--color-red-500)")]


def _bars(rows: list[dict[str, Any]], bars: list[tuple[str, str, str]]) -> str:
    sets = [
        {"label": label, "data": [row[key] for row in rows], "backgroundColor": colour} for key, label, colour in bars
    ]
    return json.dumps({"labels": [row["name"] for row in rows], "datasets": sets})


def _names(found: list[dict[str, Any]]) -> list[str]:
    """The channels' names, with the owner where two have the same name."""
    names = [row["channel_name"] for row in found]
    owners = [row["user__full_name"] or row["user__email"] or "nobody" for row in found]
    return [f"{name} ({owner})" if names.count(name) > 1 else name for name, owner in zip(names, owners, strict=True)]


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 2)
