"""What is projected follows from what was measured."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartagent.bench.growth.slopes import Cost, Point, costs_of

PROJECT = Path(__file__).resolve().parents[3]


def cost(*values):
    return Cost("evaluation", "s", [Point(10**number, value) for number, value in enumerate(values, 3)])


@given(st.floats(0, 1e3), st.floats(1e-6, 1e3))
def test_what_grows_alike_is_on_its_line(base, slope):
    found = cost(base + slope * 1000, base + slope * 10_000)
    assert found.per_unit == pytest.approx(slope, rel=1e-3)
    assert found.at(1_000_000) == pytest.approx(base + slope * 1_000_000, rel=1e-3)


@given(st.floats(1.2, 3))
def test_what_grows_faster_is_on_no_line(exponent):
    found = cost(1000**exponent, 10_000**exponent)
    assert found.exponent == pytest.approx(exponent)
    assert found.at(1_000_000) == pytest.approx(1_000_000**exponent, rel=1e-6)


def test_what_shrinks_by_noise_is_no_gain():
    found = cost(3.0, 2.0)
    assert (found.per_unit, found.at(10**9)) == (0, 2.0)


def test_one_size_tells_nothing_of_others():
    found = cost(3.0)
    assert (found.per_unit, found.exponent, found.at(10**9)) == (None, None, None)


def test_sizes_are_ordered_and_names_kept():
    found = costs_of({100: {("b", "s"): 2.0, ("a", "ms"): 5.0}, 10: {("a", "ms"): 4.0}})
    assert [(each.name, each.unit, [point.size for point in each.points]) for each in found] == [
        ("b", "s", [100]), ("a", "ms", [10, 100]),
    ]  # fmt: skip


@pytest.mark.django_db
def test_a_small_bench_measures_each_of_its_figures():
    command = [sys.executable, "manage.py", "bench", "growth", "--of", "entries", "--largest", "500"]
    done = subprocess.run([*command, "--format=json"], cwd=PROJECT, text=True, capture_output=True, timeout=120)
    rows = json.loads(done.stdout)["growth"]
    assert [list(row["measured"]) for row in rows] == [["500"]] * len(rows)
    assert all(min(row["measured"].values()) > 0 for row in rows)
    assert {"entries: entries on disk (bytes)", "entries: audit verify (s)"} <= {row["name"] for row in rows}
