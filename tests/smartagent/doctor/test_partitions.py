"""Partitions of samples and of their roll-ups: what is missing, what should have gone, rows beyond all months."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from rules.models import FiveMinuteRollup, MetricSeries
from smartagent.adoption.partitions.layout import find_layout
from smartagent.doctor.migrations import Migrated
from smartagent.doctor.partitions import check_partitions
from smartagent.doctor.triggers import check_step

FAR = datetime(9000, 1, 1, tzinfo=UTC)


def found(check: Any, *more: Any) -> list[tuple[str, str]]:
    return [(each.subject, each.problem) for each in check(connection, Migrated(connection), *more)]


@pytest.mark.parametrize("table", ["metric_samples", "metric_rollups_5m"])
def test_months_that_are_missing_or_too_old(db: None, settings: Any, table: str) -> None:
    now, last = timezone.now(), find_layout(connection, table).partitions[-1].name
    assert found(check_step) == found(check_partitions, now) == []
    settings.SAMPLES_KEEP_DAYS = 40
    later = now + timedelta(days=90)
    assert [subject for subject, _ in found(check_partitions, later)] == ["metric_samples", "metric_rollups_5m"]
    assert f"not dropped: metric_samples_{now:%Y_%m}" in found(check_partitions, later)[0][1]
    with connection.cursor() as cursor:
        for each in find_layout(connection, table).partitions:
            if each.is_default or each.name == last:
                cursor.execute(f"DROP TABLE {each.name}")
    [(subject, problem)] = found(check_step)
    assert (subject, f"{table}_default" in problem) == (table, True)


def test_rows_of_the_far_future(alice: Any) -> None:
    series = MetricSeries.objects.create(user=alice, metric="cpu")
    FiveMinuteRollup.objects.create(series=series, ended_at=FAR, min=1, max=1, sum=1, count=1, last=1)
    until = find_layout(connection, "metric_rollups_5m").until
    assert found(check_partitions, timezone.now()) == [
        ("metric_rollups_5m",
         f"The default partition metric_rollups_5m_default has 1 row, of times from {until:%Y-%m-%d} on.")
    ]  # fmt: skip
