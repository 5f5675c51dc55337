"""Work that an answer does not wait for, in threads of the process; it must not use the database."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

_THREADS = ThreadPoolExecutor(max_workers=2, thread_name_prefix="background")


def in_background(work: Callable[[], None]) -> None:
    """Do it soon. What it raises is lost, so it logs its own failures; at the end of the process it is waited for."""
    _THREADS.submit(work)
