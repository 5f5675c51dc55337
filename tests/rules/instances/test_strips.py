"""A series and its states as a strip."""

from datetime import UTC, datetime, timedelta

import pytest

from rules.instances.bands import Band
from rules.instances.strips import Scale, Segment, level_path, path_of, scale_of, segments_of

START = datetime(2026, 3, 1, tzinfo=UTC)
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


@pytest.mark.parametrize(
    ("values", "held", "path"),
    [
        ([], False, ""),
        ([None, None], False, ""),
        ([0, 10], False, "M0 22H50L100 2"),
        ([0, 10], True, "M0 22H50V2H100"),
        ([0, None, 10, None], False, "M0 22H25M50 2H75"),  # a gap stays one, and a single value is seen
    ],
)
def test_the_line_of_a_series(values, held, path):
    assert path_of(values, Scale(0, 10), held=held) == path


def test_what_never_changes_is_in_the_middle():
    assert path_of([5, 5], scale_of([5, None, 5]), held=False) == "M0 12H50L100 12"


def test_a_threshold_is_drawn_as_it_was_at_each_time():
    noon, evening = START + DAY / 2, START + DAY * 3 / 4
    levels = [(START, 0.0), (noon, 10.0), (evening, None)]
    assert level_path(levels, Scale(0, 10), START, START + DAY) == "M0 22H50M50 2H75"


def test_a_short_time_in_a_bad_state_is_not_lost_between_two_good_ones():
    noon = START + DAY / 2
    bands = [Band("ok", START, noon), Band("firing", noon, noon + MINUTE), Band("ok", noon + MINUTE, None)]
    assert segments_of(bands, START, START + DAY) == [
        Segment("ok", 0, 50), Segment("firing", 50, 0.42), Segment("ok", 50.42, 49.58),
    ]  # fmt: skip
