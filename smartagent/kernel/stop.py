"""The wish that a process ends, which a signal handler may express."""

import os
import select
from contextlib import suppress


class Stop:
    """A byte in a pipe, or the end of the process that would write it.

    A threading.Event has a lock, which a killed process keeps, and which a handler may find taken by what it
    interrupted, such as itself where a signal comes twice: it would then wait for ever.
    """

    def __init__(self) -> None:
        self.reader, self.writer = os.pipe()
        os.set_blocking(self.writer, False)

    def __del__(self) -> None:
        for each in (self.reader, self.writer):
            with suppress(OSError):
                os.close(each)

    def set(self) -> None:
        """Wish it, however often."""
        with suppress(BlockingIOError):  # the pipe is full of wishes
            os.write(self.writer, b".")

    def only_wait(self) -> None:
        """Keep the end that waits: this process never wishes it."""
        os.close(self.writer)
        self.writer = -1

    def wait(self, seconds: float | None = None) -> bool:
        """Wait so long, or for ever; return whether it is wished."""
        return self._is_readable(seconds)

    def is_set(self) -> bool:
        """Whether it is wished."""
        return self._is_readable(0)

    def _is_readable(self, seconds: float | None) -> bool:
        polled = select.poll()  # one for each thread
        polled.register(self.reader, select.POLLIN)
        return bool(polled.poll(None if seconds is None else seconds * 1000))
