"""Samples lie in partitions by month: made ahead, dropped after the retention, taken over from a plain table."""

import gzip
import json
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from rules.models import MetricSample, MetricSeries
from rules.storage.retention import SAMPLES, forget_samples
from rules.storage.upkeep import keep_storage
from smartagent.adoption.partitions.ahead import make_ahead
from smartagent.adoption.partitions.layout import find_layout, is_partitioned
from smartagent.adoption.partitions.months import month_after, month_of, months_between
from smartagent.adoption.partitions.operation import PartitionByMonth
from smartagent.kernel.row_export import RowExport

FAR = datetime(9000, 1, 1, tzinfo=UTC)
LONG_AGO = datetime(1900, 1, 1, tzinfo=UTC)
PLAIN = """
ALTER TABLE metric_samples RENAME TO parted;
CREATE TABLE metric_samples (LIKE parted);
INSERT INTO metric_samples SELECT * FROM parted;
DROP TABLE parted;
ALTER TABLE metric_samples ADD CONSTRAINT metric_samples_pkey PRIMARY KEY (series_id, observed_at);
ALTER TABLE metric_samples ADD CONSTRAINT to_series FOREIGN KEY (series_id) REFERENCES metric_series (id)
    ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED
"""


def sql(statement, *params):
    with connection.cursor() as cursor:
        cursor.execute(statement, params or None)
        return cursor.fetchall() if cursor.description else []


def push(user, at, metric="cpu", value=1.0):
    return MetricSample.objects.push(user=user, metric=metric, value=value, observed_at=at)


def partition_of(sample):
    return sql("SELECT tableoid::regclass::text FROM metric_samples WHERE observed_at = %s", sample.observed_at)[0][0]


def make_plain():
    mark = sql("SELECT obj_description('metric_samples'::regclass)")[0][0]
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    sql(PLAIN)
    sql("COMMENT ON TABLE metric_samples IS %s", mark)


@pytest.mark.parametrize(
    ("start", "after"), [("2026-11-01", "2026-12-01"), ("2026-12-01", "2027-01-01"), ("2028-02-01", "2028-03-01")]
)
def test_months(start, after):
    begun, next_one = (datetime.fromisoformat(f"{day}T00:00:00Z") for day in (start, after))
    assert month_after(begun) == next_one == month_of(next_one + timedelta(days=27, hours=23))
    assert list(months_between(begun, next_one - timedelta(seconds=1))) == [(begun, next_one)]


def test_a_sample_of_any_time_is_stored_and_moves_to_its_month_when_that_is_made(alice):
    now, layout = timezone.now(), find_layout(connection, SAMPLES)
    assert [each.is_default for each in layout.partitions].count(True) == 1
    assert layout.until > now + timedelta(days=92)
    later = layout.until + timedelta(days=3)
    assert [partition_of(push(alice, at)) for at in (LONG_AGO, now, later, FAR)] == [
        "metric_samples_before", f"metric_samples_{now:%Y_%m}", "metric_samples_default", "metric_samples_default",
    ]  # fmt: skip
    push(alice, now, value=2.0)  # replaces the one of that time
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    assert make_ahead(connection, SAMPLES, "observed_at", later)[0] == f"metric_samples_{layout.until:%Y_%m}"
    assert sql("SELECT tableoid::regclass::text FROM metric_samples WHERE observed_at = %s", later) == [
        (f"metric_samples_{later:%Y_%m}",)
    ]
    assert MetricSample.objects.count() == 4


def test_months_before_the_retention_are_dropped_and_the_last_change_of_a_built_in_metric_stays(
    alice, settings, tmp_path
):
    settings.SAMPLES_KEEP_DAYS = 40
    now = timezone.now()
    ages = (3 * 365, 2 * 365, 50, 1)  # days before the time at which the retention is applied
    then = now + timedelta(days=300)
    make_ahead(connection, SAMPLES, "observed_at", then)
    for metric in ("cpu", "fusion_score"):
        for age in ages:
            push(alice, then - timedelta(days=age), metric, value=float(age))
    push(alice, then - timedelta(days=200), "fusion_score", value=200.0)
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    cutoff = month_of(then - timedelta(days=40))
    before = set(MetricSample.objects.values_list("value", flat=True))
    dropped, _ = forget_samples(then, RowExport(tmp_path, then))
    texts = [gzip.decompress(file.read_bytes()) for file in tmp_path.iterdir()]
    exported = [json.loads(line) for text in texts for line in text.splitlines()]
    assert {row["value"] for row in exported} >= before - set(MetricSample.objects.values_list("value", flat=True))
    assert {file.name.partition("-")[0] for file in tmp_path.iterdir()} <= {*dropped, "metric_samples_before"}
    assert f"metric_samples_{now:%Y_%m}" in dropped
    assert find_layout(connection, SAMPLES).first.end == cutoff
    last = 50.0 if then - timedelta(days=50) < cutoff else 200.0
    left = MetricSample.objects.order_by("observed_at").values_list("value", flat=True)
    assert set(left.filter(series__metric="cpu")) <= {1.0, 50.0}
    assert left.filter(series__metric="fusion_score", observed_at__lt=cutoff).get() == last

    late = [push(alice, LONG_AGO, metric) for metric in ("cpu", "fusion_score")]
    assert forget_samples(then) == ([], len(late))
    settings.SAMPLES_KEEP_DAYS = 0
    assert forget_samples(FAR) == ([], 0)


@pytest.mark.parametrize("interrupted", [False, True])
def test_a_plain_table_becomes_the_first_partition_and_keeps_its_rows(alice, interrupted):
    now = timezone.now()
    for at in (LONG_AGO, now, FAR):
        push(alice, at)
    make_plain()
    operation = PartitionByMonth(SAMPLES, "observed_at")
    assert [str(each) for each in operation.lacks(connection)] == [
        "partitioned by month; its rows are the first partition"
    ]
    if interrupted:  # after its first steps, by a run of long ago
        check = "CHECK (observed_at < '2001-01-01') NOT VALID"
        sql(f"ALTER TABLE metric_samples ADD CONSTRAINT metric_samples_until {check}")
        sql("CREATE TABLE metric_samples_default (LIKE metric_samples)")
    plain = sql("SELECT 'metric_samples'::regclass::oid")[0][0]
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    assert keep_storage(now) == "0 months dropped, 1 sample deleted"  # that of long ago
    assert is_partitioned(connection, SAMPLES)
    assert operation.lacks(connection) == []
    layout = find_layout(connection, SAMPLES)
    assert sql("SELECT %s::regclass::oid", layout.first.name) == [(plain,)]
    keys = "conrelid = 'metric_samples_before'::regclass AND contype IN ('p', 'f', 'c')"
    assert sql(f"SELECT count(*) FROM pg_constraint WHERE {keys} AND conparentid <> 0 AND convalidated") == [(2,)]
    assert sql(f"SELECT count(*) FROM pg_constraint WHERE {keys}") == [(2,)]
    assert partition_of(push(alice, layout.first.end - timedelta(seconds=1))) == "metric_samples_before"
    assert partition_of(push(alice, layout.first.end)).startswith("metric_samples_2")


def test_with_a_person_their_samples_go_whoever_deletes_them(alice):
    for at in (LONG_AGO, timezone.now(), FAR):
        push(alice, at)
    sql("DELETE FROM metric_series")
    assert not MetricSample.objects.exists()
    push(alice, FAR)
    alice.delete()
    assert not MetricSample.objects.exists()
    assert not MetricSeries.objects.exists()


def test_the_newest_reading_is_looked_for_in_the_newest_month_first(alice):
    push(alice, timezone.now())
    plan = "\n".join(
        line
        for (line,) in sql(
            """EXPLAIN SELECT value FROM metric_samples WHERE series_id = 1 AND observed_at <= %s
                ORDER BY observed_at DESC LIMIT 1""",
            timezone.now(),
        )
    )
    assert [word for word in ("Sort", "Merge Append", "default") if word in plan] == []
    assert plan.index(f"metric_samples_{timezone.now():%Y_%m}") < plan.index("metric_samples_before")
