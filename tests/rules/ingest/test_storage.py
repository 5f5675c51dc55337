"""Samples are stored once, whether all are new or some replace others."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from rules.ingest.storage import ENOUGH_TO_COPY, store
from rules.models import MetricSample
from smartagent.kernel.packed_arrays import pack_floats, pack_integers, pack_rows, pack_times

AT = datetime(2026, 3, 2, 10, tzinfo=UTC)


def rows(values, at=AT):
    return [(None, "load", f"h{number:03}", float(value), at) for number, value in enumerate(values)]


def stored():
    found = MetricSample.objects.order_by("series__target", "observed_at")
    return list(found.values_list("series__target", "observed_at", "value"))


@pytest.mark.django_db
@pytest.mark.parametrize("count", [1, ENOUGH_TO_COPY - 1, ENOUGH_TO_COPY, ENOUGH_TO_COPY + 100])
def test_new_ones_and_those_that_replace_others(count):
    first, later = rows(range(count)), rows(range(count), AT + timedelta(minutes=1))
    assert store(first) == count
    assert store([*later, *rows([-1.5])]) == count + 1  # one replaces
    expected = [(row[2], row[4], -1.5 if row[2:] == ("h000", 0.0, AT) else row[3]) for row in [*first, *later]]
    assert stored() == sorted(expected)
    assert store(later[::-1]) == count
    assert stored() == sorted(expected)


@pytest.mark.django_db
def test_the_last_of_one_series_and_time_counts():
    store([*rows(range(ENOUGH_TO_COPY)), *rows([7, 8])])
    assert [value for _, _, value in stored()][:3] == [7, 8, 2]


@pytest.mark.django_db
def test_new_ones_in_any_order():
    times = [AT + timedelta(minutes=minute) for minute in range(3)]
    sent = [row for at in times for row in rows(range(ENOUGH_TO_COPY), at)]
    assert store(random.Random(7).sample(sent, len(sent))) == len(sent)
    assert stored() == sorted((row[2], row[4], row[3]) for row in sent)


def test_rows_have_the_format_of_copy():
    packed = pack_rows([pack_integers([1]), pack_times([946_684_800_000_000]), pack_floats([0.5])])
    assert packed == (
        b"PGCOPY\n\xff\r\n\0" + bytes(8) + b"\0\3"
        + b"\0\0\0\x08" + (1).to_bytes(8, "big") + b"\0\0\0\x08" + bytes(8) + b"\0\0\0\x08" + b"\x3f\xe0" + bytes(6)
        + b"\xff\xff"
    )  # fmt: skip
