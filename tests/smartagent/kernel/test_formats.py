"""Counts and times as sentences say them."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from smartagent.kernel.formats import clock, clock_utc, counted, plural


@pytest.mark.parametrize(
    ("count", "words"), [(0, "0 rules"), (1, "1 rule"), (2, "2 rules"), (1200, "1,200 rules"), (-1, "-1 rules")]
)
def test_one_is_one_and_all_else_is_many(count, words):
    assert counted(count, "rule") == words


def test_a_plural_of_its_own():
    assert [plural(count, "person", "people") for count in (1, 2)] == ["person", "people"]


def test_the_minute_by_a_clock_and_in_utc():
    moment = datetime(2026, 3, 2, 23, 30, 59, tzinfo=UTC)
    assert clock(moment, ZoneInfo("Europe/Berlin")) == "3 Mar 2026, 00:30"
    assert clock_utc(moment) == "2 Mar 2026, 23:30 UTC"
