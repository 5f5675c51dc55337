"""What a call costs, as a ratio to a loop that is timed beside it: alike on slow machines, fast ones and busy ones."""

import time
from collections.abc import Callable
from typing import Any


def effort(call: Callable[[], Any]) -> float:
    """Return the processor time of a call in this thread, in loops of 100,000 additions (about 5 ms each)."""
    before, cost, after = _seconds(_loop), _seconds(call), _seconds(_loop)
    return cost / max(before, after)


def _seconds(call: Callable[[], Any]) -> float:
    began = time.thread_time()
    call()
    return time.thread_time() - began


def _loop() -> int:
    total = 0
    for number in range(100_000):
        total += number
    return total
