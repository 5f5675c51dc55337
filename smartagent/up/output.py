"""What `up` prints, by a thread of its own: who does not read it stops nothing else."""

import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress

MAX_LINES = 10_000
FLUSH_SECONDS = 2.0


class Output:
    """Prints lines in order. While printing blocks, as into a full pipe, the oldest lines are dropped and counted."""

    def __init__(self, write: Callable[[str, str], None]) -> None:
        self.write = write
        self.lines: deque[tuple[str, str]] = deque()
        self.dropped = 0
        self.changed = threading.Condition()
        threading.Thread(target=self._print, daemon=True).start()

    def say(self, name: str, line: str) -> None:
        """Print the line soon; never waits for a reader."""
        with self.changed:
            if len(self.lines) >= MAX_LINES:
                self.lines.popleft()
                self.dropped += 1
            self.lines.append((name, line))
            self.changed.notify_all()

    def flush(self) -> bool:
        """Wait until everything is printed, but not for a reader who does not come; whether it is."""
        with self.changed:
            return self.changed.wait_for(lambda: not self.lines, FLUSH_SECONDS)

    def _print(self) -> None:
        while True:
            with self.changed:
                self.changed.wait_for(lambda: bool(self.lines))
                dropped, self.dropped = self.dropped, 0
                entry = self.lines[0]
            with suppress(OSError):  # who read it is gone
                if dropped:
                    self.write("up", f"{dropped:,} lines were dropped, since nobody read the output.")
                self.write(*entry)
            with self.changed:
                if self.lines and self.lines[0] is entry:
                    self.lines.popleft()
                self.changed.notify_all()
