"""When silences are on: across midnight and the changes of the clocks, in tables and on values nobody thought of."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.silences.windows import Window, ended, is_on, moment_of, upcoming, window_at, windows

HOUR = timedelta(hours=1)
ZONES = ["Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "UTC"]


@dataclass
class Quiet:
    """A silence without a database."""

    starts_at: datetime
    ends_at: datetime
    recurrence: str = ""
    duration: timedelta | None = None
    time_zone: str = "UTC"
    cancelled_at: datetime | None = None


def at(text, zone="UTC"):
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def nightly(zone, first, last, begins="22:00", hours=8, rule="FREQ=DAILY"):
    return Quiet(at(f"{first} {begins}", zone), at(f"{last} 23:59", zone), rule, hours * HOUR, zone)


def shown(silence, zone, count=20):
    """The windows as the clocks of `zone` show them, with their length in hours."""
    found = upcoming(silence, silence.starts_at, count)
    return [
        (f"{w.start.astimezone(ZoneInfo(zone)):%d %H:%M}", f"{w.end.astimezone(ZoneInfo(zone)):%d %H:%M}",
         (w.end - w.start) / HOUR)
        for w in found
    ]  # fmt: skip


NIGHTS = [
    # the clocks of Berlin go forward on 29 March, back on 25 October 2026
    ("Europe/Berlin", "2026-03-27", "2026-03-29", [("27 22:00", "28 06:00", 8), ("28 22:00", "29 06:00", 7),
                                                   ("29 22:00", "30 06:00", 8)]),
    ("Europe/Berlin", "2026-10-24", "2026-10-25", [("24 22:00", "25 06:00", 9), ("25 22:00", "26 06:00", 8)]),
    # those of New York on 8 March and 1 November
    ("America/New_York", "2026-03-07", "2026-03-08", [("07 22:00", "08 06:00", 7), ("08 22:00", "09 06:00", 8)]),
    ("America/New_York", "2026-10-31", "2026-11-01", [("31 22:00", "01 06:00", 9), ("01 22:00", "02 06:00", 8)]),
    # those of Kathmandu stay, at five hours and three quarters
    ("Asia/Kathmandu", "2026-03-28", "2026-03-29", [("28 22:00", "29 06:00", 8), ("29 22:00", "30 06:00", 8)]),
]  # fmt: skip


@pytest.mark.parametrize(("zone", "first", "last", "expected"), NIGHTS)
def test_from_ten_to_six_whatever_the_clocks_do(zone, first, last, expected):
    assert shown(nightly(zone, first, last), zone) == expected


def test_kathmandu_in_utc():
    window = upcoming(nightly("Asia/Kathmandu", "2026-03-28", "2026-03-28"), at("2026-03-01"), 1)[0]
    assert window == Window(at("2026-03-28 16:15"), at("2026-03-29 00:15"))


LEAPS = [
    # in Berlin no clock shows 02:30 on 29 March, and every clock shows it twice on 25 October
    ("2026-03-29", "02:30", 1, "2026-03-29 01:00", "2026-03-29 01:30"),
    ("2026-03-29", "02:15", 0.5, "2026-03-29 01:00", "2026-03-29 01:30"),  # left out altogether: its length from there
    ("2026-03-29", "01:30", 1, "2026-03-29 00:30", "2026-03-29 01:00"),
    ("2026-10-25", "02:30", 1, "2026-10-25 00:30", "2026-10-25 02:30"),
    ("2026-10-25", "02:15", 0.5, "2026-10-25 00:15", "2026-10-25 00:45"),  # the first time the clock shows it
]


@pytest.mark.parametrize(("day", "begins", "hours", "start", "end"), LEAPS)
def test_times_that_the_clock_leaves_out_or_shows_twice(day, begins, hours, start, end):
    silence = nightly("Europe/Berlin", "2026-03-01", "2026-10-30", begins, hours)
    assert Window(at(start), at(end)) in windows(silence, at(day), at(day) + 24 * HOUR)


RULES = [
    ("FREQ=WEEKLY;BYDAY=SA,SU", ["07", "08", "14", "15"]),
    ("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", ["02", "03", "04", "05", "06", "09", "10", "11", "12", "13"]),
    ("FREQ=WEEKLY", ["02", "09"]),
    ("FREQ=WEEKLY;INTERVAL=2", ["02"]),
    ("FREQ=DAILY;COUNT=3", ["02", "03", "04"]),
    ("FREQ=MONTHLY;BYDAY=2TU", ["10"]),
    ("FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=-1", []),
    ("FREQ=DAILY;INTERVAL=5", ["02", "07", "12"]),
]


@pytest.mark.parametrize(("rule", "days"), RULES)
def test_rules_of_the_calendar(rule, days):
    silence = nightly("Europe/Berlin", "2026-03-02", "2026-03-15", rule=rule)
    assert [start[:2] for start, _, _ in shown(silence, "Europe/Berlin")] == days


def test_once():
    silence = Quiet(at("2026-03-02 10:00"), at("2026-03-02 12:00"))
    on = {minute: is_on(silence, at(f"2026-03-02 {minute}")) for minute in ("09:59", "10:00", "11:59", "12:00")}
    assert on == {"09:59": False, "10:00": True, "11:59": True, "12:00": False}


def test_a_window_lasts_beyond_the_end_of_the_silence_but_none_begins_after_it():
    silence = Quiet(at("2026-03-02 22:00"), at("2026-03-03 22:00"), "FREQ=DAILY", 8 * HOUR)
    assert is_on(silence, at("2026-03-04 05:59"))
    assert not is_on(silence, at("2026-03-04 22:30"))


def test_windows_that_touch_are_one():
    silence = Quiet(at("2026-03-02 00:00"), at("2026-03-06 23:00"), "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", 24 * HOUR)
    assert upcoming(silence, silence.starts_at, 5) == [Window(at("2026-03-02 00:00"), at("2026-03-07 00:00"))]


def test_ended_early():
    silence = Quiet(at("2026-03-02 10:00"), at("2026-03-02 12:00"), cancelled_at=at("2026-03-02 11:00"))
    assert not is_on(silence, at("2026-03-02 11:00"))
    assert ended(silence, silence.starts_at, at("2026-03-02 11:30")) == [
        Window(silence.starts_at, silence.cancelled_at)
    ]
    silence.cancelled_at = at("2026-03-02 09:00")
    assert ended(silence, silence.starts_at, at("2026-03-03 00:00")) == []


def test_a_recurring_one_that_was_ended_has_no_window_any_more():
    silence = nightly("UTC", "2026-03-02", "2026-03-09")
    silence.cancelled_at = at("2026-03-04 23:00")
    assert [window.end for window in upcoming(silence, silence.starts_at, 9)][-1] == silence.cancelled_at
    assert upcoming(silence, silence.cancelled_at, 9) == []


def test_each_window_ends_once():
    silence = nightly("Europe/Berlin", "2026-03-27", "2026-03-31")
    ticks = [silence.starts_at + timedelta(minutes=5 * tick) for tick in range(7 * 24 * 12)]
    found = [window for before, now in pairwise(ticks) for window in ended(silence, before, now)]
    assert found == upcoming(silence, silence.starts_at, 99)


# -- on values nobody thought of -------------------------------------------------------------------


walls = st.datetimes(datetime.fromisoformat("2026-01-01"), datetime.fromisoformat("2027-12-31"))
zones = st.sampled_from(ZONES).map(ZoneInfo)


@given(walls, zones)
def test_the_first_moment_at_which_the_clock_shows_it(wall, zone):
    moment = moment_of(wall.replace(microsecond=0), zone)
    assert moment.astimezone(zone).replace(tzinfo=None) >= wall.replace(microsecond=0)
    before = (moment - timedelta(seconds=1)).astimezone(zone).replace(tzinfo=None)
    assert before < wall


@given(walls, walls, zones)
def test_moments_keep_the_order_of_the_clock(one, other, zone):
    assert (moment_of(min(one, other), zone)) <= moment_of(max(one, other), zone)


@given(
    walls, st.integers(1, 60), st.sampled_from(["FREQ=DAILY", "FREQ=WEEKLY;BYDAY=SU", "FREQ=HOURLY;INTERVAL=3"]),
    st.integers(1, 40 * 3600), st.sampled_from(ZONES), st.integers(0, 90 * 86_400),
)  # fmt: skip
def test_windows_lie_apart_and_a_moment_is_in_one_of_them_or_it_is_not_on(start, days, rule, seconds, zone, later):
    begin = start.replace(microsecond=0, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    silence = Quiet(begin, begin + timedelta(days=days), rule, timedelta(seconds=seconds), zone)
    found = windows(silence, begin, begin + timedelta(days=120))
    assert all(window.start < window.end for window in found)
    assert all(one.end < other.start for one, other in pairwise(found))
    now = begin + timedelta(seconds=later)
    assert window_at(silence, now) == next((window for window in found if window.holds(now)), None)
    assert upcoming(silence, now, 3) == [window for window in found if window.end > now][:3]
