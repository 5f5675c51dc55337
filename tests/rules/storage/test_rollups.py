"""Roll-ups are those of the samples, whenever these came; a chart of a year is drawn from them."""

import math
import re
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from rules.backtesting.chart_data import MAX_CHART_POINTS
from rules.backtesting.chart_points import chart_of, chart_of_instance
from rules.backtesting.inputs import watch_of
from rules.backtesting.observations import Condition, RuleConditions
from rules.backtesting.rolled_chart import rolled_chart
from rules.backtesting.series import readings
from rules.engine.usual import usual
from rules.models import (
    AutomationRule,
    DailyRollup,
    FiveMinuteRollup,
    HourlyRollup,
    LateHour,
    MetricSample,
    MetricSeries,
)
from rules.storage import upkeep
from rules.storage.rollups import roll_up

TABLES = {FiveMinuteRollup: timedelta(minutes=5), HourlyRollup: timedelta(hours=1), DailyRollup: timedelta(days=1)}
NOW = datetime(2026, 3, 4, 10, 20, tzinfo=UTC)
ROLLED = datetime(2026, 3, 4, 10, tzinfo=UTC)
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
YEAR_OF_SAMPLES = """
INSERT INTO metric_samples (series_id, observed_at, value)
SELECT %s, %s - n * interval '30 minutes', 50 + 10 * sin(n) FROM generate_series(0, 366 * 48) n
"""


@pytest.fixture(autouse=True)
def _kept_for_two_months(settings):
    settings.SAMPLES_KEEP_DAYS = 62


def expected(samples, length, until):
    """The roll-ups of (time, value) pairs, made one by one."""
    found = defaultdict(list)
    for time, value in sorted(samples.items()):
        found[EPOCH - (EPOCH - time) // length * length].append(value)
    return {
        end: (min(some), max(some), pytest.approx(math.fsum(some)), len(some), some[-1])
        for end, some in found.items()
        if end <= until
    }


def rolled(table):
    rows = table.objects.values_list("ended_at", "min", "max", "sum", "count", "last")
    return {row[0]: row[1:] for row in rows}


def assert_rolled(samples):
    for table, length in TABLES.items():
        assert rolled(table) == expected(samples, length, ROLLED), table


def push(user, samples, metric="cpu"):
    MetricSample.objects.push_all(
        {"user": user, "metric": metric, "observed_at": at, "value": value} for at, value in samples.items()
    )


def test_roll_ups_are_those_of_the_samples_also_of_late_and_replaced_ones(alice):
    random = Random(5)
    times = [NOW - timedelta(minutes=random.randrange(4 * 1440), seconds=random.randrange(60)) for _ in range(300)]
    edges = [ROLLED, ROLLED - timedelta(hours=10), ROLLED - timedelta(minutes=5), NOW]  # an end belongs to its period
    samples = {at: random.uniform(-50, 50) for at in [*times, *edges]}
    push(alice, samples)
    assert roll_up(NOW) == (ROLLED, 0)
    assert_rolled(samples)

    late = dict.fromkeys([*times[:3], ROLLED - timedelta(days=2, minutes=7), NOW - timedelta(minutes=1)], 99.0)
    push(alice, late)  # three of them replace
    assert LateHour.objects.exists()
    assert roll_up(NOW)[1] > 0
    assert not LateHour.objects.exists()
    assert_rolled(samples | late)
    assert roll_up(NOW) == (ROLLED, 0)

    alice.delete()
    assert not any(table.objects.exists() for table in TABLES)


def test_a_value_that_cannot_be_added_spoils_the_sum_alone(alice):
    push(alice, {NOW - timedelta(days=1): 1.7e308, NOW - timedelta(days=1, minutes=1): 1.7e308})
    roll_up(NOW)
    (row,) = HourlyRollup.objects.all()
    assert (row.min, row.count, math.isnan(row.sum)) == (1.7e308, 2, True)


def test_the_schedule_rolls_up_and_forgets_old_roll_ups(alice, settings):
    push(alice, {NOW - timedelta(days=30): 1.0, NOW - timedelta(days=3): 2.0})
    assert upkeep.keep_rollups(NOW) == "rolled up until 2026-03-04 10:00, 0 hours again"
    settings.ROLLUPS_KEEP_DAYS = 10
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    assert upkeep.keep_storage(NOW).startswith("0 months dropped")
    assert [table.objects.count() for table in TABLES] == [2, 1, 1]


HIGHEST = {"last": 95.5, "max": 95.5, "count": 3.0, "avg": 60.0}
NEEDS_READINGS = ("rate", "quantile", "change")


def test_the_chart_of_a_year_reads_at_most_10_000_rows_whatever_it_shows(alice, read_rows, settings):
    settings.SAMPLES_KEEP_DAYS = 400
    now = timezone.now().replace(minute=20, second=0, microsecond=0)
    series = MetricSeries.objects.create(user=alice, metric="cpu")
    with connection.cursor() as cursor:
        cursor.execute(YEAR_OF_SAMPLES, [series.pk, now])
    push(alice, {now - timedelta(days=200, minutes=2): 95.5})
    roll_up(now)

    def chart(reducer, hours=1, **fields):
        """What it shows, and the conditions; at most 10,000 rows are read."""
        rule = AutomationRule(
            user=alice, metric_type=series.metric, condition_operator=">", threshold_value=90, reducer=reducer,
            evaluation_window=timedelta(hours=0 if reducer in ("last", "unusual") else hours), reducer_parameter=0.5,
            **fields,
        )  # fmt: skip
        start = now - timedelta(days=365)
        with CaptureQueriesContext(connection) as queries:
            if rule.watches_series:
                found = chart_of_instance(rule, alice.pk, "", start, now)
            else:
                found = chart_of(watch_of(rule), alice.pk, start, now)
        assert len(found.points) / 2 < read_rows(queries) <= 10_000, reducer
        return found, watch_of(rule)

    for reducer, highest in HIGHEST.items():
        found, _ = chart(reducer)
        assert found.period == timedelta(hours=1)
        assert 200 < len(found.points) <= MAX_CHART_POINTS
        value = max(value for _, value in found.points if value is not None)
        assert value == pytest.approx(highest, abs=8 if reducer == "avg" else 0)
    ((_, own, platform),) = readings(watch_of_readings(alice), [alice.pk], now - timedelta(days=366), now)
    for reducer in NEEDS_READINGS:
        found, watched = chart(reducer, hours=3)
        assert re.fullmatch(r"Drawn at 8\d\d of 105,1\d\d evaluations, .*", found.note), reducer
        for at, value in found.points[::50]:
            assert value == pytest.approx(watched.evaluate(own, platform, at)[0].value), (reducer, at)
    assert chart("last", series_mode="each")[0].period == timedelta(hours=1)
    for reducer in ("last", "quantile"):  # of the one series, as a group
        assert chart(reducer, series_mode="by", group_by=[])[0].note.startswith("Drawn at 300 of 105,")
    for mode in ({}, {"series_mode": "by", "group_by": []}):
        with pytest.raises(ValueError, match="too many readings to be drawn"):
            chart("quantile", hours=24 * 250, **mode)
    found, _ = chart("unusual")
    assert found.note.startswith("Drawn from roll-ups of 1\u00a0d: ")
    assert len(found.usual) > 300
    for at, median, deviation in found.usual[30:-1:60]:
        known = usual(own["cpu", ""], at)
        assert (median, deviation) == pytest.approx((known.median, known.deviation))
    MetricSeries.objects.update(metric="fusion_score")  # which holds its value
    series.metric = "fusion_score"
    assert len(chart("quantile")[0].points) > 200
    assert len(chart("unusual")[0].usual) > 200


def watch_of_readings(user):
    return watch_of(AutomationRule(user=user, metric_type="cpu", condition_operator=">", threshold_value=90))


@pytest.mark.parametrize("reducer", ["avg", "min", "max", "sum", "count"])
def test_a_window_of_whole_periods_has_the_value_that_the_readings_have(alice, reducer):
    random = Random(7)
    end, start = ROLLED, ROLLED - timedelta(days=32)
    push(alice, {end - timedelta(minutes=random.randrange(35 * 1440)): random.uniform(-50, 50) for _ in range(400)})
    push(alice, {end: 7.0, end - timedelta(hours=3): 8.0})
    roll_up(NOW)
    watched = RuleConditions(
        [Condition(metric="cpu", operator=">", threshold=1, reducer=reducer, window=timedelta(hours=3))], "all",
        {"cpu": None}, timedelta(minutes=5),
    )  # fmt: skip
    chart = rolled_chart(watched, alice.pk, start, end)
    assert chart.note == "Drawn from roll-ups of 1\u00a0h, at the end of each."
    ((_, own, platform),) = readings(watched, [alice.pk], start, end)
    for at, value in chart.points[:40] + chart.points[-40:]:
        read = watched.evaluate(own, platform, at)[0].value
        assert value == (read if read is None else pytest.approx(read))


@pytest.fixture
def read_rows():
    """The rows that the SELECTs of some queries read from tables of samples, by EXPLAIN ANALYZE."""

    def of(queries):
        total = 0
        with connection.cursor() as cursor:
            for query in queries.captured_queries:
                if "metric_" in query["sql"]:
                    cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {query['sql']}")
                    total += scanned(cursor.fetchone()[0][0]["Plan"])
        return total

    return of


def scanned(plan):
    own = 0
    if plan.get("Relation Name", "").startswith(("metric_samples", "metric_rollups")):
        own = (plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)) * plan["Actual Loops"]
    return own + sum(scanned(each) for each in plan.get("Plans", []))
