"""Quiet hours: by weekday, in the zone of the person, across midnight and the change of the clock."""

from datetime import UTC, date, datetime, time, timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.routing.quiet_hours import LOOKED_AHEAD, QuietHours, next_time, quiet_until, read
from rules.silences.windows import moment_of, windows

ALL, WORKING, WEEKEND = range(7), range(5), (5, 6)
BERLIN, NEW_YORK, KOLKATA, LORD_HOWE = (
    ZoneInfo(name) for name in ("Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe")
)


def quiet(days, begins, ends):
    return QuietHours(frozenset(days), time.fromisoformat(begins), time.fromisoformat(ends))


def on_the_wall(text, zone):
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


NIGHT = [quiet(ALL, "22:00", "07:00")]


@pytest.mark.parametrize("zone", [BERLIN, NEW_YORK, KOLKATA, LORD_HOWE], ids=str)
@pytest.mark.parametrize(
    ("hours", "now", "until"),
    [
        (NIGHT, "2026-06-10 21:59:59", None),
        (NIGHT, "2026-06-10 22:00", "2026-06-11 07:00"),
        (NIGHT, "2026-06-11 03:00", "2026-06-11 07:00"),  # across midnight
        (NIGHT, "2026-06-11 07:00", None),
        ([quiet(WORKING, "22:00", "07:00")], "2026-06-13 03:00", "2026-06-13 07:00"),  # Saturday, but Friday's night
        ([quiet(WORKING, "22:00", "07:00")], "2026-06-13 23:00", None),
        ([quiet(WORKING, "22:00", "07:00")], "2026-06-15 03:00", None),  # Monday, after Sunday's night
        ([quiet(WEEKEND, "00:00", "00:00")], "2026-06-13 12:00", "2026-06-15 00:00"),  # whole days that adjoin
        ([quiet((2,), "00:00", "00:00")], "2026-06-10 12:00", "2026-06-11 00:00"),
        ([quiet((2,), "09:00", "09:00")], "2026-06-11 08:00", "2026-06-11 09:00"),
        ([*NIGHT, quiet(ALL, "07:00", "08:30")], "2026-06-11 01:00", "2026-06-11 08:30"),  # they meet
        ([*NIGHT, quiet(ALL, "06:00", "08:00")], "2026-06-11 01:00", "2026-06-11 08:00"),  # they overlap
        ([*NIGHT, quiet(ALL, "07:01", "08:00")], "2026-06-11 01:00", "2026-06-11 07:00"),
        ([*NIGHT, quiet(WEEKEND, "00:00", "00:00")], "2026-06-12 23:00", "2026-06-15 07:00"),
        ([], "2026-06-11 03:00", None),
    ],
)
def test_until_when_it_is_quiet(zone, hours, now, until):
    found = quiet_until(hours, zone, on_the_wall(now, zone))
    assert found == (on_the_wall(until, zone) if until else None)


@pytest.mark.parametrize(
    ("zone", "now", "until"),
    [
        (BERLIN, "2026-03-28T22:00+00:00", "2026-03-29T05:00+00:00"),  # one hour less: 23:00 +1 until 07:00 +2
        (BERLIN, "2026-10-24T21:00+00:00", "2026-10-25T06:00+00:00"),  # one hour more
        (BERLIN, "2026-10-25T00:30+00:00", "2026-10-25T06:00+00:00"),  # 02:30, for the first time
        (BERLIN, "2026-10-25T01:30+00:00", "2026-10-25T06:00+00:00"),  # 02:30, again
        (NEW_YORK, "2026-03-08T04:00+00:00", "2026-03-08T11:00+00:00"),
        (NEW_YORK, "2026-11-01T03:00+00:00", "2026-11-01T12:00+00:00"),
        (LORD_HOWE, "2026-04-04T12:00+00:00", "2026-04-04T20:30+00:00"),  # its clock moves by half an hour
        (LORD_HOWE, "2026-10-03T12:00+00:00", "2026-10-03T20:00+00:00"),
        (KOLKATA, "2026-03-29T00:00+00:00", "2026-03-29T01:30+00:00"),  # its clock does not move
    ],
    ids=str,
)
def test_a_night_in_which_the_clock_is_changed(zone, now, until):
    assert quiet_until(NIGHT, zone, datetime.fromisoformat(now)) == datetime.fromisoformat(until)


@pytest.mark.parametrize(
    ("begins", "ends", "now", "until"),
    [
        ("02:30", "05:00", "2026-03-29T00:59+00:00", None),
        ("02:30", "05:00", "2026-03-29T01:10+00:00", "2026-03-29T03:00+00:00"),  # that day's clock leaps over 02:30
        ("02:30", "05:00", "2026-03-29T01:40+00:00", "2026-03-29T03:00+00:00"),
        ("01:00", "02:30", "2026-10-25T00:10+00:00", "2026-10-25T00:30+00:00"),  # it ends when it is first 02:30
    ],
)
def test_times_that_are_not_or_twice_on_the_clock(begins, ends, now, until):
    found = quiet_until([quiet(ALL, begins, ends)], BERLIN, datetime.fromisoformat(now))
    assert found == (datetime.fromisoformat(until) if until else None)


HAVANA, BEIRUT = ZoneInfo("America/Havana"), ZoneInfo("Asia/Beirut")  # their clocks change at midnight


@pytest.mark.parametrize(
    ("zone", "begins", "ends", "start", "end"),
    [
        (BERLIN, "01:00", "02:30", "2026-03-29T00:00Z", "2026-03-29T01:00Z"),  # the clock leaps over its end
        (BERLIN, "02:45", "03:15", "2026-03-29T01:00Z", "2026-03-29T01:15Z"),  # and over its beginning
        (BERLIN, "02:15", "02:45", "2026-03-29T01:00Z", "2026-03-29T01:30Z"),  # over both: as long, from the leap on
        (BERLIN, "22:00", "02:30", "2026-03-28T21:00Z", "2026-03-29T01:00Z"),
        (BERLIN, "01:00", "02:30", "2026-10-24T23:00Z", "2026-10-25T00:30Z"),  # twice: the first counts
        (BERLIN, "22:00", "06:00", "2026-10-24T20:00Z", "2026-10-25T05:00Z"),
        (NEW_YORK, "01:00", "02:30", "2026-03-08T06:00Z", "2026-03-08T07:00Z"),
        (NEW_YORK, "02:45", "03:15", "2026-03-08T07:00Z", "2026-03-08T07:15Z"),
        (NEW_YORK, "01:30", "03:00", "2026-11-01T05:30Z", "2026-11-01T08:00Z"),
        (LORD_HOWE, "01:00", "02:15", "2026-10-03T14:30Z", "2026-10-03T15:30Z"),  # by half an hour, to 02:30
        (LORD_HOWE, "02:15", "02:45", "2026-10-03T15:30Z", "2026-10-03T15:45Z"),
        (LORD_HOWE, "01:00", "03:00", "2026-04-04T14:00Z", "2026-04-04T16:30Z"),
        (HAVANA, "23:30", "00:30", "2026-03-08T04:30Z", "2026-03-08T05:00Z"),
        (HAVANA, "00:00", "00:30", "2026-03-08T05:00Z", "2026-03-08T05:30Z"),
        (HAVANA, "00:30", "06:00", "2026-11-01T04:30Z", "2026-11-01T11:00Z"),
        (BEIRUT, "23:30", "00:30", "2026-03-28T21:30Z", "2026-03-28T22:00Z"),
        (BEIRUT, "00:15", "08:00", "2026-03-28T22:00Z", "2026-03-29T05:00Z"),
    ],
)  # fmt: skip
def test_a_period_begins_and_ends_by_the_clock_in_spring_and_in_autumn(zone, begins, ends, start, end):
    first, last = datetime.fromisoformat(start), datetime.fromisoformat(end)
    only = [quiet([(first.astimezone(zone) - timedelta(minutes=61 if first == last else 0)).weekday()], begins, ends)]
    assert quiet_until(only, zone, first - timedelta(seconds=1)) is None
    assert quiet_until(only, zone, first) == last
    assert quiet_until(only, zone, last - timedelta(seconds=1)) == last
    assert quiet_until(only, zone, last) is None


@pytest.mark.parametrize(
    ("zone", "now", "until"),
    [
        (BERLIN, "2026-03-29T10:00Z", "2026-03-29T22:00Z"),
        (BERLIN, "2026-10-25T22:30Z", "2026-10-25T23:00Z"),
        (HAVANA, "2026-03-08T05:00Z", "2026-03-09T04:00Z"),
        (BEIRUT, "2026-10-25T12:00Z", "2026-10-25T22:00Z"),
    ],
)  # fmt: skip
def test_the_same_start_and_end_is_all_day_also_when_the_clock_changes(zone, now, until):
    only = [quiet([6], "00:00", "00:00")]
    assert quiet_until(only, zone, datetime.fromisoformat(now)) == datetime.fromisoformat(until)


@given(st.dates(date(2026, 1, 1), date(2027, 1, 1)), st.sampled_from([BERLIN, NEW_YORK, LORD_HOWE, HAVANA, BEIRUT]),
       st.integers(0, 95), st.integers(1, 96))  # fmt: skip
def test_quiet_hours_and_silences_agree(day, zone, begins, quarters):
    begin = datetime.combine(day, time(begins // 4, begins % 4 * 15))
    end = (begin + timedelta(minutes=15 * quarters)).time()
    starts = moment_of(begin, zone)
    silence = SimpleNamespace(
        starts_at=starts, ends_at=starts + timedelta(hours=30), recurrence="FREQ=DAILY;COUNT=1", cancelled_at=None,
        duration=timedelta(minutes=15 * quarters), time_zone=zone.key,
    )  # fmt: skip
    on_the_clock = starts.astimezone(zone).replace(tzinfo=None, fold=0) == begin
    found = QuietHours(frozenset({begin.weekday()}), begin.time(), end).on(day, zone)
    assert not on_the_clock or windows(silence, starts, starts) == [found]


def test_quiet_for_ever_is_not_believed():
    now = datetime(2026, 6, 10, 12, tzinfo=UTC)
    assert quiet_until([quiet(ALL, "00:00", "00:00")], BERLIN, now) - now <= timedelta(days=LOOKED_AHEAD)


@pytest.mark.parametrize(
    ("zone", "at", "now", "then"),
    [
        (BERLIN, "08:00", "2026-03-28T08:00+00:00", "2026-03-29T06:00+00:00"),
        (BERLIN, "08:00", "2026-10-24T07:00+00:00", "2026-10-25T07:00+00:00"),
        (BERLIN, "08:00", "2026-06-10T06:00+00:00", "2026-06-11T06:00+00:00"),  # exactly then is the next day
        (NEW_YORK, "08:00", "2026-06-10T11:59+00:00", "2026-06-10T12:00+00:00"),
        (KOLKATA, "08:00", "2026-06-10T23:00+00:00", "2026-06-11T02:30+00:00"),
        (BERLIN, "02:30", "2026-03-28T12:00+00:00", "2026-03-29T01:00+00:00"),
    ],
    ids=str,
)
def test_the_next_time_of_the_clock(zone, at, now, then):
    assert next_time(time.fromisoformat(at), zone, datetime.fromisoformat(now)) == datetime.fromisoformat(then)


def test_what_is_kept_is_read_and_what_is_none_is_left_out():
    kept = [{"days": [0, 4], "from": "22:00", "until": "07:00"}, {"days": "x", "from": "22:00", "until": "07:00"},
            {"from": "22:00"}, {"days": [1], "from": "25:00", "until": "07:00"}, 7, None]  # fmt: skip
    assert read(kept) == [quiet((0, 4), "22:00", "07:00")]
    assert read("nonsense") == read(None) == []


times = st.times().map(lambda at: at.replace(second=0, microsecond=0))
periods = st.builds(QuietHours, st.frozensets(st.integers(0, 6), max_size=5), times, times)
moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
zones = st.sampled_from([BERLIN, NEW_YORK, KOLKATA, LORD_HOWE])


@given(st.lists(periods, max_size=3), zones, moments, st.floats(0, 1))
def test_until_then_it_is_quiet_and_then_it_is_not(hours, zone, now, part):
    until = quiet_until(hours, zone, now)
    if until is None or until - now > timedelta(days=LOOKED_AHEAD - 2):
        return
    assert quiet_until(hours, zone, until) is None
    between = now + (until.astimezone(UTC) - now) * part * 0.999999
    assert quiet_until(hours, zone, between) == until


@given(st.lists(periods, max_size=3), zones, moments)
def test_where_it_is_not_quiet_no_period_is_on(hours, zone, now):
    if quiet_until(hours, zone, now) is None:
        wall = now.astimezone(zone)
        for period in hours:
            for day in (wall.date(), wall.date() - timedelta(days=1)):
                if found := period.on(day, zone):
                    assert not found.holds(now)
