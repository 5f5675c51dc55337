"""Streamed responses whose chunks are made in some context, and that do something at their end."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any


class WrappedStream:
    """The chunks of a stream, each made within `around`; `at_end` is called once, when it ends or is broken off."""

    def __init__(
        self,
        chunks: Iterable[Any],
        at_end: Callable[[], object],
        around: Callable[[], AbstractContextManager[Any]] = nullcontext,
    ) -> None:
        self.chunks, self.at_end, self.around = iter(chunks), at_end, around
        self.is_open = True

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        try:
            with self.around():
                return next(self.chunks)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End the stream, also one that nobody has begun to read."""
        if not self.is_open:
            return
        self.is_open = False
        try:
            with self.around():
                if close := getattr(self.chunks, "close", None):
                    close()
        finally:
            self.at_end()
