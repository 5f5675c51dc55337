"""The delays between the attempts of a delivery: pure."""

from datetime import timedelta

RETRY_DELAYS = [
    timedelta(seconds=s) for s in (30, 120, 600, 1_800, 7_200, 21_600)
]  # after the first try, the second ...
JITTER = 0.2  # as part of the wait
MAX_BACKOFF = timedelta(hours=12)


def next_wait(attempts: int, chance: float, retry_after: timedelta | None = None) -> timedelta | None:
    """How long to wait after `attempts` failed attempts, or None after the last.

    `chance`, 0 to 1, adds jitter of up to a tenth to either side. A longer `retry_after` of the receiver is kept, up
    to MAX_BACKOFF.
    """
    if attempts > len(RETRY_DELAYS):
        return None
    wait = RETRY_DELAYS[attempts - 1] * (1 + JITTER * (chance - 0.5))
    return max(wait, min(retry_after, MAX_BACKOFF)) if retry_after else wait
