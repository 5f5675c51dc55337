"""The sum and the extremes of any window are those of its readings, and as quick for a month as for an hour."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.engine.windows import WindowTable
from tests.effort import effort

READINGS = st.one_of(
    st.floats(-1e150, 1e150), st.sampled_from([0.0, -0.0, 0.1, 5e-324, 6.9e-310, 1e150, -1e150, 2**53 + 2.0])
)


@given(st.lists(READINGS, min_size=1, max_size=40), st.data())
def test_any_window_gives_what_its_readings_give(values: list[float], data: st.DataObject) -> None:
    table = WindowTable(values)
    first = data.draw(st.integers(0, len(values) - 1))
    last = data.draw(st.integers(first + 1, len(values)))
    window = values[first:last]
    assert table.total(first, last) == math.fsum(window)
    assert (table.extreme(min, first, last), table.extreme(max, first, last)) == (min(window), max(window))


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, 1.1e150])
def test_only_windows_with_a_reading_out_of_reach_have_no_sum(bad: float) -> None:
    table = WindowTable([1.0, bad, 2.0, 3.0])
    assert math.isnan(table.total(0, 2))
    assert math.isnan(table.total(1, 4))
    assert table.total(2, 4) == 5.0


def test_nan_is_above_all() -> None:
    table = WindowTable([1.0, math.nan, 2.0])
    assert table.extreme(min, 0, 3) == 1.0
    assert math.isnan(table.extreme(max, 0, 3))
    assert table.extreme(max, 2, 3) == 2.0


def test_windows_of_a_month_take_no_longer_than_those_of_an_hour() -> None:
    values = [float(number % 97) for number in range(8_640)]
    table = WindowTable(values)

    def look_at_all() -> None:
        for last in range(1, len(values) + 1):
            table.total(0, last)
            table.extreme(max, 0, last)

    assert effort(look_at_all) < 100
