"""The table of a soak: what grows is named, what only warms up is not."""

import subprocess
import sys

import psutil
import psycopg
import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from smartagent.bench.faults.soak.processors import Processors
from smartagent.bench.faults.soak.readings import Reading, TableReading, read_tables
from smartagent.bench.faults.soak.rows import figure_rows, slope_of, table_rows, time_rows, trend_of, verdict_of

MINUTE = 60.0


def readings(name, figures):
    return [Reading(at=place * MINUTE, figures={name: figure}) for place, figure in enumerate(figures)]


def verdicts(rows):
    return {row["name"]: row["verdict"] for row in rows}


def test_a_slope_is_the_change_in_an_hour():
    assert slope_of([(0, 5.0), (1800, 10.0), (3600, 15.0)]) == 10
    assert slope_of([(0, 5.0)]) == 0


def test_memory_that_grows_is_found_and_warming_up_is_not():
    leak = readings("web memory MB", [100 + place for place in range(121)])
    warm = readings("web memory MB", [100 + min(place, 20) for place in range(121)])
    (row,) = figure_rows(leak)
    assert (row["verdict"], round(row["slope"])) == ("grows", 60)
    assert (row["start"], row["end"]) == (106, 214)
    assert row["tenths"] == [106 + 12 * place for place in range(10)]
    assert verdicts(figure_rows(warm)) == {"web memory MB": "steady"}
    assert verdicts(figure_rows(readings("connections", [20, 22, 19, 21] * 10))) == {"connections": "steady"}


def test_a_table_may_grow_by_rows_but_not_by_what_a_row_takes():
    def table(at, table_bytes, rows, dead=0, updates=0, hot=0):
        return TableReading(
            at=at,
            table_bytes=table_bytes,
            index_bytes=table_bytes,
            rows=rows,
            dead=dead,
            updates=updates,
            hot_updates=hot,
        )

    first = {"deliveries": table(0, 1_000_000, 1000), "rule_states": table(0, 1_000_000, 1000)}
    last = {"deliveries": table(7200, 9_000_000, 9000), "rule_states": table(7200, 9_000_000, 1000, 9000, 4000, 3000)}
    rows = {row["name"]: row for row in table_rows(first, last)}
    assert rows["deliveries: table bytes for a row"]["verdict"] == "steady"
    assert rows["rule_states: table bytes for a row"]["verdict"] == "grows"
    assert (rows["rule_states: dead rows %"]["end"], rows["rule_states: dead rows %"]["slope"]) == (90, 45)
    assert rows["rule_states: updates that write no index %"]["end"] == 75
    assert "deliveries: updates that write no index %" not in rows


def test_times_are_compared_between_the_start_and_the_end_of_their_trend():
    even = [(place * MINUTE, 0.1) for place in range(100)]
    slower = [(place * MINUTE, 0.1 + place / 100) for place in range(100)]
    assert verdicts(time_rows("pages", even)) == {"pages p50 ms": "steady", "pages p99 ms": "steady"}
    assert verdicts(time_rows("pages", slower)) == {"pages p50 ms": "grows", "pages p99 ms": "grows"}
    median_row, _ = time_rows("pages", slower)
    assert median_row["tenths"] == sorted(median_row["tenths"])
    assert (len(median_row["tenths"]), median_row["tenths"][-1]) == (10, median_row["end"])
    assert median_row["slope"] == pytest.approx(600, rel=0.02)
    assert list(time_rows("pages", even[:1])) == []
    assert verdict_of([*time_rows("a", even), *time_rows("b", even)], 30) == "nothing grows"
    assert verdict_of([*time_rows("a", even), *time_rows("b", slower)], 120) == "b p50 ms grows, b p99 ms grows"
    assert verdict_of([], 5) == "nothing grows; a soak of less than 30 minutes only warms up"


def tenths_of_a_soak(milliseconds):
    return [(720 * place + 0.1 * each, figure / 1000) for place, figure in enumerate(milliseconds) for each in (0, 1)]


def test_a_machine_that_is_slow_for_a_while_is_no_growth_wherever_that_falls():
    slow_at_the_end = [458, 515, 893, 586, 956, 1648, 441, 587, 553, 868]  # p99 of a page beside constant work
    assert set(verdicts(time_rows("a", tenths_of_a_soak(slow_at_the_end))).values()) == {"steady"}
    slow_at_the_start = [900, 800, *[500] * 8]
    assert trend_of(slow_at_the_start) == (500, 500)
    growing_but_fast_at_the_end = [629, 814, 1000, 1100, 1200, 1300, 1400, 1500, 1600, 700]
    assert verdicts(time_rows("a", tenths_of_a_soak(growing_but_fast_at_the_end)))["a p99 ms"] == "grows"
    medians = [160, 172, 194, 214, 206, 276, 287, 236, 260, 310]
    assert verdicts(time_rows("a", tenths_of_a_soak(medians)))["a p50 ms"] == "grows"


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=20), st.floats(-100, 100), st.floats(1e3, 1e9))
def test_a_trend_is_that_of_most_figures(outliers, slope, size):
    count = 4 * len(outliers)
    line = [slope * place for place in range(count)]
    line[:: count // len(outliers)] = [size + outlier for outlier in outliers]
    start, end = trend_of(line)
    assert start == pytest.approx(0, abs=1e-3)
    assert end == pytest.approx(slope * (count - 1), abs=1e-3)


def test_the_trend_of_one_figure_is_the_figure():
    assert trend_of([7.0]) == (7, 7)


def test_a_process_that_works_is_busy_and_one_that_waits_is_not():
    work = "import sys, time\nwhile time.process_time() < 0.3: pass\nprint(flush=True)\nsys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", work], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as worker:
        roles = {"worker": [psutil.Process(worker.pid)], "gone": []}
        processors = Processors()
        assert processors.read(roles) == {}
        worker.stdout.readline()
        assert processors.read(roles)["worker busy %"] > 5
        idle = processors.read(roles)
        assert idle["worker busy %"] < 1
        assert idle["gone busy %"] == 0
        worker.stdin.close()


def test_what_is_busy_now_and_then_is_so_on_average():
    (row,) = figure_rows(readings("postgres busy %", [0, 0, 30] * 40))
    assert (row["start"], row["end"], row["verdict"]) == (10, 10, "steady")


@pytest.mark.django_db
def test_a_table_is_read_when_it_is_large_and_once_and_temporary_ones_of_others_are_not():
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE soaked AS SELECT repeat('x', 100) FROM generate_series(1, 20000)")
    connection.ensure_connection()
    with psycopg.connect(**connection.get_connection_params() | {"cursor_factory": None}, autocommit=True) as other:
        other.execute("CREATE TEMP TABLE soaked_by_other AS SELECT repeat('x', 100) FROM generate_series(1, 20000)")
        found = read_tables(connection.connection)
        assert found["soaked"].rows == 20_000
        assert "soaked_by_other" not in found
        assert read_tables(connection.connection, found.keys()) == {}
