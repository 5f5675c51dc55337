"""Durations as checks."""

from datetime import timedelta

import pytest

from rules.engine.intervals import checks, off_grid, parse_checks, shown, spelled

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("3 checks", 15), ("1 check", 5), ("0 checks", 0), ("15m", 15), ("15m (3 checks)", 15), ("1h 30m", 90), ("0", 0),
     ("", 0), ("  2 Checks ", 10)],
)  # fmt: skip
def test_both_writings_are_read(text, minutes):
    assert parse_checks(text) == minutes * MINUTE


@pytest.mark.parametrize(
    ("text", "message"),
    [("20m (3 checks)", "is ambiguous: 15m (3 checks) and 20m"), ("three checks", "is not a duration"),
     ("999999999999999999999 checks", "too long"), ("soon", "is not a duration")],
)  # fmt: skip
def test_what_is_neither_is_refused_in_words(text, message):
    with pytest.raises(ValueError, match="“") as refused:
        parse_checks(text)
    assert message in str(refused.value)


def test_what_is_shown_can_be_read_again():
    for minutes in (0, 5, 7, 15, 60, 240, 1440):
        assert parse_checks(shown(minutes * MINUTE)) == minutes * MINUTE
    assert shown(15 * MINUTE) == "15m (3 checks)"
    assert shown(7 * MINUTE) == "7m"


def test_the_nearest_two_right_values_are_named():
    assert off_grid(15 * MINUTE) == ""
    assert off_grid(7 * MINUTE) == (
        "Rules are evaluated every 5m, so 7m would end between two evaluations. Enter 5m (1 check) or 10m (2 checks)."
    )
    assert "Enter 0 or 5m (1 check)" in off_grid(timedelta(seconds=30))


def test_another_tick_makes_other_checks(settings):
    settings.EVALUATE_EVERY_SECONDS = 10 * 60
    assert parse_checks("3 checks") == 30 * MINUTE
    assert checks(15 * MINUTE) == ""
    assert off_grid(15 * MINUTE)


def test_a_duration_spelled_out():
    assert spelled(timedelta(days=1, hours=12)) == "1 day 12 hours"
    assert spelled(timedelta(0)) == "no time"
