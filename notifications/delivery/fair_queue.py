"""A queue that is fair: hosts take turns, and so do the channels of a host. Pure.

https://en.wikipedia.org/wiki/Fair_queuing. What runs at a time is bounded in all, so that memory and open files are.
For a host, so that one that hangs does not hold all others up. For a channel, so that only a few attempts are lost
until its circuit breaker opens.
"""

from collections import deque
from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Line(Generic[Item]):
    """What waits for one thing: items at a channel, channels at a host, or hosts for a place at all."""

    __slots__ = ("above", "key", "limit", "running", "stands", "waiting")

    def __init__(self, key: Hashable, limit: int, above: "Line[Item] | None") -> None:
        self.key, self.limit, self.above = key, limit, above
        self.waiting: deque[Line[Item] | Item] = deque()
        self.running = 0
        self.stands = False  # in the line above

    def step_up(self) -> None:
        """Stand in the line above, where something waits here and may run."""
        if self.above and not self.stands and self.waiting and self.running < self.limit:
            self.stands = True
            self.above.waiting.append(self)

    def upwards(self) -> "Iterator[Line[Item]]":
        """This line and those above it."""
        line: Line[Item] | None = self
        while line:
            yield line
            line = line.above


class FairQueue(Generic[Item]):
    """Items wait until `next` gives them; `ended` says of each that it does not run any longer."""

    def __init__(self, limit: int) -> None:
        self._all: Line[Item] = Line(None, limit, None)
        self._lines: dict[Hashable, Line[Item]] = {}  # those where something waits or runs

    def add(self, item: Item, channel: Hashable, channel_limit: int, host: Hashable, host_limit: int) -> None:
        """Let an item wait for its channel and its host, of which so many may run at a time."""
        at_host = self._line(("host", host), host_limit, self._all)
        line = self._line(("channel", channel, host), channel_limit, at_host)
        line.waiting.append(item)
        for each in line.upwards():
            each.step_up()

    def next(self) -> tuple[Item, Line[Item]] | None:
        """The item whose turn it is, which runs from now on, and its line; None where nothing may run."""
        if not self._all.waiting or self._all.running >= self._all.limit:
            return None
        line, found = self._all, self._all.waiting.popleft()
        while isinstance(found, Line):
            line, found = found, found.waiting.popleft()
            line.stands = False
        self._count(line, 1)
        return found, line

    def ended(self, line: Line[Item]) -> None:
        """An item of this line has ended."""
        self._count(line, -1)
        for each in line.upwards():
            if not each.waiting and not each.running:
                self._lines.pop(each.key, None)

    def clear(self) -> list[Item]:
        """Take out and return all that wait."""
        found: list[Item] = []
        for line in list(self._lines.values()):
            found += [one for one in line.waiting if not isinstance(one, Line)]
            line.waiting.clear()
            line.stands = False
            if not line.running:
                del self._lines[line.key]
        self._all.waiting.clear()
        return found

    def _line(self, key: Hashable, limit: int, above: Line[Item]) -> Line[Item]:
        if key not in self._lines:
            self._lines[key] = Line(key, limit, above)
        return self._lines[key]

    def _count(self, line: Line[Item], more: int) -> None:
        for each in line.upwards():
            each.running += more
            each.step_up()
