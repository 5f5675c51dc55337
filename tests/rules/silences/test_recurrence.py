"""Recurrence rules are read strictly, and what is wrong is said with what would be right."""

from contextlib import suppress
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.silences.recurrence import BadRecurrence, normalize, occurrences
from tests.effort import effort

FIRST, LAST = (datetime.fromisoformat(day) for day in ("2026-03-02 22:00", "2027-03-02"))


@pytest.mark.parametrize(("written", "kept"), [
    ("FREQ=DAILY", "FREQ=DAILY"),
    ("rrule:freq=weekly; byday=sa,su ;", "FREQ=WEEKLY;BYDAY=SA,SU"),
    ("FREQ=MONTHLY;BYDAY=-1FR", "FREQ=MONTHLY;BYDAY=-1FR"),
    ("FREQ=MONTHLY;BYMONTHDAY=-1", "FREQ=MONTHLY;BYMONTHDAY=-1"),
])  # fmt: skip
def test_what_is_right(written, kept):
    assert normalize(written) == kept


@pytest.mark.parametrize(("written", "message"), [
    ("", "Invalid recurrence rule. Example: FREQ=WEEKLY;BYDAY=SA,SU."),
    ("every saturday", "Invalid recurrence rule."),
    ("INTERVAL=2", "FREQ is missing"),
    ("FREQ=SOMETIMES", "FREQ must be one of HOURLY, DAILY, WEEKLY, MONTHLY, YEARLY, not “SOMETIMES”."),
    ("FREQ=MINUTELY", "not “MINUTELY”"),
    ("FREQ=DAILY;INTERVAL=0", "INTERVAL must be a whole number from 1 to 999, not “0”."),
    ("FREQ=WEEKLY;BYDAY=XX", "BYDAY must be days of the week"),
    ("FREQ=WEEKLY;BYDAY=", "“BYDAY=” has no value."),
    ("FREQ=WEEKLY;BYDAY=2SA", "needs FREQ=MONTHLY or YEARLY, not WEEKLY"),
    ("FREQ=MONTHLY;BYMONTHDAY=0", "BYMONTHDAY must be days of the month, 1 to 31, or -1 for the last one, not “0”."),
    ("FREQ=MONTHLY;BYMONTHDAY=32", "not “32”"),
    ("FREQ=MONTHLY;BYMONTH=13", "BYMONTH must be months, 1 to 12, not “13”."),
    ("FREQ=DAILY;BYHOUR=24", "BYHOUR must be hours, 0 to 23, not “24”."),
    ("FREQ=DAILY;UNTIL=20260401T000000Z", "Leave out UNTIL"),
    ("FREQ=DAILY;BYSECOND=1", "“BYSECOND” is not supported. Supported: FREQ, INTERVAL"),
    ("FREQ=DAILY;FREQ=WEEKLY", "Duplicate FREQ."),
    ("FREQ=DAILY;BYSETPOS=2", "BYSETPOS needs FREQ=MONTHLY or YEARLY"),
    ("FREQ=MONTHLY;BYSETPOS=2", "BYSETPOS chooses among days"),
    ("FREQ=YEARLY;BYMONTH=2,4;BYMONTHDAY=31", "This day does not exist in this month"),
    ("FREQ=YEARLY;BYDAY=MO,-99SU", "at most 53 here, so -99SU never occurs"),
    ("FREQ=YEARLY;BYMONTH=2;BYDAY=53MO", "at most 5 here, so 53MO never occurs"),
    ("FREQ=MONTHLY;BYDAY=6MO", "at most 5 here, so 6MO never occurs"),
    ("FREQ=YEARLY;BYDAY=MO;BYSETPOS=" + ",".join(["366"] * 13), "BYSETPOS has at most 12 positions."),
    ("FREQ=DAILY;BYMONTH=" + "2," * 100_000 + "2", "A recurrence has at most 500 characters; this one has 200,020."),
])  # fmt: skip
def test_what_is_wrong_and_what_would_be_right(written, message):
    with pytest.raises(BadRecurrence) as refused:
        normalize(written)
    assert message in str(refused.value)


@pytest.mark.parametrize("never", [
    "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=6",
    "FREQ=HOURLY;BYDAY=MO;BYMONTHDAY=31;BYMONTH=2,4,1", "FREQ=DAILY;BYMONTHDAY=31;BYMONTH=2,12;BYDAY=WE",
    "FREQ=YEARLY;BYDAY=MO;BYSETPOS=" + ",".join(["366"] * 12),
    "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=" + ",".join(["-366"] * 12),
    "FREQ=YEARLY;BYDAY=5MO,-5MO;BYMONTH=12;BYMONTHDAY=1",
])  # fmt: skip
def test_a_rule_that_does_not_come_is_soon_known(never):
    found = []
    assert effort(lambda: found.extend(occurrences(never, FIRST, LAST))) < 400
    assert found == []


def test_hours_that_are_never_reached():
    with pytest.raises(BadRecurrence, match="The rule never starts a window"):
        occurrences("FREQ=HOURLY;INTERVAL=2;BYHOUR=1", FIRST, LAST)


def test_too_many():
    with pytest.raises(BadRecurrence, match="more than 10,000 windows"):
        occurrences("FREQ=HOURLY;BYMINUTE=0,15,30,45", FIRST, LAST)


def test_the_29th_of_february_comes_in_leap_years():
    found = occurrences("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", FIRST, datetime.fromisoformat("2036-12-31"))
    assert [moment.year for moment in found] == [2028, 2032, 2036]


@given(st.text(max_size=40) | st.text("FREQ=DAILYWKMO;,0123456789-BYSETPOS", max_size=40))
def test_whatever_is_written_is_right_or_refused(text):
    with suppress(BadRecurrence):
        assert normalize(normalize(text)) == normalize(text)
