"""A limit to streams that run at the same time in one process, for each occupies a thread of the web server."""

import threading
from collections.abc import Iterator

from rest_framework import exceptions, status


class Busy(exceptions.APIException):
    """As many streams run as may."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_code = "busy"

    def __init__(self, what: str, wait: int) -> None:
        super().__init__(f"Too many {what} are running. Try again in {wait} seconds.")
        self.wait = wait


class Slots:
    """At most `number` of `what` at the same time; who comes too many may try again after `retry_after` seconds."""

    def __init__(self, what: str, number: int, *, retry_after: int) -> None:
        self.what, self.retry_after = what, retry_after
        self.free = threading.BoundedSemaphore(number)

    def hold(self, parts: Iterator[bytes]) -> "HeldStream":
        """The stream, which has a slot until it is closed; Busy where none is free."""
        if not self.free.acquire(blocking=False):
            raise Busy(self.what, self.retry_after)
        return HeldStream(self, parts)


class HeldStream:
    """A stream that gives its slot back when it ends or is closed, also where nobody has begun to read it."""

    def __init__(self, slots: Slots, parts: Iterator[bytes]) -> None:
        self.slots, self.parts, self.is_open = slots, parts, True

    def __iter__(self) -> "HeldStream":
        return self

    def __next__(self) -> bytes:
        try:
            return next(self.parts)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the stream, whatever it has open."""
        if self.is_open:
            self.is_open = False
            self.slots.free.release()
            getattr(self.parts, "close", lambda: None)()
