"""Change windows, in a time zone, across midnight and the change of the clock."""

from datetime import UTC, datetime

import pytest

from optimizer.policy.change_window import is_open

NIGHT = [{"days": [5, 6], "from": "22:00", "until": "06:00"}]  # Saturday and Sunday nights
NOON = [{"days": [0, 1, 2, 3, 4], "from": "12:00", "until": "13:00"}]
EARLY = [{"days": [6], "from": "01:00", "until": "04:00"}]


@pytest.mark.parametrize(
    ("window", "zone", "at", "opens"),
    [
        ([], "UTC", "2026-03-02 10:00", True),
        (None, "UTC", "2026-03-02 10:00", True),
        (NOON, "UTC", "2026-03-02 11:59", False),
        (NOON, "UTC", "2026-03-02 12:00", True),
        (NOON, "UTC", "2026-03-02 12:59", True),
        (NOON, "UTC", "2026-03-02 13:00", False),
        (NOON, "UTC", "2026-03-01 12:30", False),  # a Sunday
        (NOON, "Europe/Berlin", "2026-03-02 11:30", True),
        (NOON, "Europe/Berlin", "2026-07-06 11:30", False),  # in summer it is half past one there
        (NOON, "Asia/Tokyo", "2026-03-02 03:30", True),
        (NIGHT, "UTC", "2026-03-07 21:59", False),
        (NIGHT, "UTC", "2026-03-07 23:00", True),
        (NIGHT, "UTC", "2026-03-08 05:59", True),  # it began on Saturday
        (NIGHT, "UTC", "2026-03-08 06:00", False),
        (NIGHT, "UTC", "2026-03-09 03:00", True),  # Monday, and it began on Sunday
        (NIGHT, "UTC", "2026-03-10 03:00", False),
        (EARLY, "Europe/Berlin", "2026-03-29 00:30", True),  # half past one, before the clock goes forward
        (EARLY, "Europe/Berlin", "2026-03-29 01:30", True),  # half past three
        (EARLY, "Europe/Berlin", "2026-03-29 02:00", False),  # four
        ([*NOON, *NIGHT], "UTC", "2026-03-02 12:30", True),
    ],
)
def test_a_window_is_open_by_the_clock_on_its_wall(window, zone, at, opens):
    assert is_open(window, zone, datetime.fromisoformat(at).replace(tzinfo=UTC)) is opens
