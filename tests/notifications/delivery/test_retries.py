"""When a delivery that failed is tried again."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.delivery.retries import MAX_BACKOFF, RETRY_DELAYS, next_wait


@pytest.mark.parametrize(
    ("attempts", "seconds"), [(1, 30), (2, 120), (3, 600), (4, 1800), (5, 7200), (6, 21_600), (7, None), (50, None)]
)
def test_the_waits(attempts, seconds):
    assert next_wait(attempts, 0.5) == (timedelta(seconds=seconds) if seconds else None)


@pytest.mark.parametrize(
    ("requested", "seconds"),
    [(0, 30), (5, 30), (31, 31), (3600, 3600), (10**6, 12 * 3600)],
)
def test_what_the_other_side_asks_for_is_not_undercut(requested, seconds):
    assert next_wait(1, 0.5, timedelta(seconds=requested)) == timedelta(seconds=seconds)


def test_what_the_other_side_asks_for_makes_no_more_tries():
    assert next_wait(7, 0.5, timedelta(seconds=5)) is None


@given(st.integers(1, 6), st.floats(0, 1), st.none() | st.timedeltas(timedelta(0), timedelta(days=30)))
def test_chance_moves_a_wait_by_a_tenth_at_most(attempts, chance, requested):
    wait = next_wait(attempts, chance, requested)
    assert (
        RETRY_DELAYS[attempts - 1] * 0.899
        <= wait
        <= max(RETRY_DELAYS[attempts - 1] * 1.101, min(requested or MAX_BACKOFF, MAX_BACKOFF))
    )
