"""Deliveries as CSV, streamed."""

import csv
from collections.abc import Iterator
from typing import Any

from django.db import transaction
from django.http import StreamingHttpResponse

from notifications.models.delivery_querysets import DeliveryQuerySet
from smartagent.kernel.csv_text import CSVLine, safe

ROWS_PER_CHUNK = 2000
CSV_COLUMNS = (
    "id", "created_at", "to", "channel", "kind", "title", "severity", "reason", "status", "cause", "attempt_count",
    "settled_at", "rule", "notification", "bundle",
)  # fmt: skip


def as_csv(deliveries: DeliveryQuerySet) -> StreamingHttpResponse:
    """The streamed response with all of `deliveries`."""
    answer = StreamingHttpResponse(lines(deliveries), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = 'attachment; filename="deliveries.csv"'
    return answer


def lines(deliveries: DeliveryQuerySet) -> Iterator[str]:
    """The header and one line per delivery."""
    writer = csv.writer(CSVLine())
    yield writer.writerow(CSV_COLUMNS)
    with transaction.atomic():  # as long as which a cursor in the database lives
        for delivery in deliveries.select_related("user", "rule").iterator(chunk_size=ROWS_PER_CHUNK):
            yield writer.writerow([safe(value) for value in row_of(delivery)])


def row_of(delivery: Any) -> tuple[Any, ...]:
    """The values of one delivery."""
    return (
        delivery.pk, delivery.created_at, delivery.user and delivery.user.email, delivery.channel_name, delivery.kind,
        delivery.title, delivery.severity, delivery.reason, delivery.status, delivery.cause, delivery.attempt_count,
        delivery.settled_at, delivery.rule and delivery.rule.rule_name, delivery.notification_id, delivery.bundle_id,
    )  # fmt: skip
