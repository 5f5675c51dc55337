"""Times and durations are read in words or refused in words, whatever year, offset or length they have."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from rules.engine.intervals import parse_checks
from smartagent.kernel.durations import of_seconds, parse_duration
from smartagent.kernel.times import read_time


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-03-02T10:00:00Z", datetime(2026, 3, 2, 10, tzinfo=UTC)),
        ("2026-03-02T10:00:00+18:00", datetime(2026, 3, 1, 16, tzinfo=UTC)),
        ("2026-03-02T10:00:00-23:59", datetime(2026, 3, 3, 9, 59, tzinfo=UTC)),
        ("2026-03-02 10:00:00.123456789Z", datetime(2026, 3, 2, 10, 0, 0, 123456, tzinfo=UTC)),
        ("0001-01-01T00:00:00Z", datetime(1, 1, 1, tzinfo=UTC)),
        ("9999-12-31T23:59:59Z", datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_a_time_is_read_in_utc(text: str, time: datetime) -> None:
    assert read_time(text) == time
    assert read_time(text).tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    ["", "now", "2026-13-01", "2026-03-02T10:00", "0001-01-01T00:00+18:00", "9999-12-31T23:59-18:00", "\ud800", "\x00",
     "2" * 10_000, None, 7, [], "+275760-09-13T00:00:00Z", "2026-03-02T10:00+24:00"],
)  # fmt: skip
def test_what_says_no_time_is_refused_in_words(text: object) -> None:
    with pytest.raises(ValueError, match=r"Example:|Include a time zone") as refused:
        read_time(text)
    assert str(refused.value).encode()


def test_a_time_without_a_zone_is_in_the_zone_of_whoever_asks() -> None:
    assert read_time("2026-03-02T10:00", ZoneInfo("Asia/Tokyo")) == datetime(2026, 3, 2, 1, tzinfo=UTC)
    with pytest.raises(ValueError, match="outside the years"):
        read_time("0001-01-01T00:00", ZoneInfo("Asia/Tokyo"))


@pytest.mark.parametrize("text", ["9999999999d", "9" * 5000 + "w", "1d" * 100, "99999999999 checks", "1d (9e9 checks)",
                                  "9" * 5000 + " checks", "\ud800", "-1d", "١d"])  # fmt: skip
def test_a_duration_is_bounded_in_words(text: str) -> None:
    with pytest.raises(ValueError, match=r"is too long|is not a duration"):
        parse_checks(text)


@pytest.mark.parametrize("seconds", [1e300, float("inf"), float("nan"), 366 * 86_400 + 1])
def test_seconds_are_bounded(seconds: float) -> None:
    with pytest.raises(ValueError, match="too long"):
        of_seconds(seconds, "that")
    assert of_seconds(90) == parse_duration("1m 30s") == timedelta(seconds=90)
