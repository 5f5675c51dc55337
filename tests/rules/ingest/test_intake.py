"""What a pushed metric may be called, and how samples are written."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rules.ingest.samples import METRIC_NAME, check_metric, check_value
from rules.ingest.storage import store
from rules.models import MetricSample, MetricSeries

AT = datetime(2026, 3, 2, 10, tzinfo=UTC)


@given(st.from_regex(METRIC_NAME, fullmatch=True))
@example("node_load1")
@example("Go_gc:rate5m")
@example("system.cpu.load_average.1m")
@example("_" * 200)
def test_a_well_formed_name_is_taken_as_it_is(name):
    assert check_metric(name) == name


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**53), 2**53))
def test_a_finite_number_is_kept_to_the_last_bit(value):
    assert check_value(value) == value


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), 10**309, "1", True, None, [], 1j])
def test_what_is_no_finite_number_is_refused(value):
    with pytest.raises(ValueError, match="number"):
        check_value(value)


def test_rows_are_read_once_and_counted(alice):
    rows = ((alice.pk, "cpu", "", float(n), AT + timedelta(seconds=n)) for n in range(1000))
    assert store(rows) == 1000
    assert MetricSample.objects.count() == 1000


def test_what_the_rows_raise_comes_out_and_nothing_is_written(alice):
    def rows():
        yield (alice.pk, "cpu", "", 1.0, AT)
        raise ConnectionError("the line is cut")

    with pytest.raises(ConnectionError, match="the line is cut"):
        store(rows())
    assert not MetricSample.objects.exists()


def test_it_can_be_called_twice_in_one_transaction(alice):
    store([(alice.pk, "cpu", "", 1.0, AT)])
    store([(alice.pk, "cpu", "", 2.0, AT), (None, "cpu", "", 3.0, AT)])
    assert sorted(MetricSample.objects.values_list("value", flat=True)) == [2, 3]


def test_a_series_that_was_deleted_meanwhile_is_made_again(alice):
    """Its id is remembered from the last time."""
    for value in (1.0, 2.0):
        store([(alice.pk, "cpu", "", value, AT), (None, "cpu", "a", value, AT)])
        assert list(MetricSample.objects.values_list("value", flat=True)) == [value, value]
        if value == 1.0:
            MetricSeries.objects.all().delete()
    MetricSeries.objects.filter(user=alice).update(metric="other")
    store([(alice.pk, "cpu", "", 3.0, AT)])
    assert MetricSample.objects.of(alice, "cpu").get().value == 3
    assert MetricSample.objects.of(alice, "other").get().value == 2
