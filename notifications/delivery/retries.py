"""The delays between the attempts of a delivery: pure."""

from datetime import timedelta

RETRY_DELAYS = [
    timedelta(seconds=s) for s in (30, 120, 600, 1_800, 7_200, 21_600)
]  # after the first try, the second ...
JITTER = 0.2  # as part of the wait
MAX_BACKOFF = timedelta(hours=12)


def next_wait(tries: int, chance: float, retry_after: timedelta | None = None) -> timedelta | None:
    """How long to wait after `tries` tries, or None where they were enough.

    `chance`, 0 to 1, moves it by up to a tenth to either side, so that what failed together does not come together.
    What the other side asks for is not undercut.
    """
    if tries > len(RETRY_DELAYS):
        return None
    wait = RETRY_DELAYS[tries - 1] * (1 + JITTER * (chance - 0.5))
    return max(wait, min(retry_after, MAX_BACKOFF)) if retry_after else wait
