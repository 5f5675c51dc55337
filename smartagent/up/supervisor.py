"""Keeps the children running until somebody wants them to stop, and then stops them cleanly."""

import signal
import time
from collections.abc import Callable, Sequence
from types import FrameType

from smartagent.up.child import Child

MAX_RESTARTS = 5
STOP_SECONDS = 20.0  # seconds that a child has to end by itself


class Supervisor:
    """Runs children; one that dies is started again with growing pauses, and given up after five deaths in a row.

    `first` runs once, beside the children; those of `later` start when it has ended. `died` is called with the name and
    the exit code of each that died.
    """

    def __init__(
        self,
        children: list[Child],
        say: Callable[[str, str], None],
        *,
        first: Child | None = None,
        later: Sequence[Child] = (),
        died: Callable[[str, int], None] = lambda name, code: None,
    ) -> None:
        self.children = children
        self.first = first
        self.later = later
        self.say = say
        self.died = died
        self.signals = 0
        self.given_up = False

    def run(self, started: Callable[[], bool]) -> int:
        """Run until a signal or a hopeless child; `started` is asked until it says yes. Return the exit code."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on_signal)
        for child in self.children:
            child.start()
        if self.first is not None:
            self.first.start()
        ready = False
        while not self.signals and not self.given_up:
            ready = ready or started()
            self._go_on_after_first()
            for child in self.children:
                self._look_after(child)
            time.sleep(0.1)
        self._stop()
        return 1 if self.given_up else 0

    def _go_on_after_first(self) -> None:
        """Start those that wait, once nobody is before them."""
        code = self.first.ended() if self.first is not None else 0
        if code is None or not self.later:
            return
        if code:
            self.say("up", f"{self.first.name if self.first else ''} ended with exit code {code}; going on without it.")
        for child in self.later:
            child.start()
        self.children, self.later, self.first = [*self.children, *self.later], (), None

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self.signals += 1

    def _look_after(self, child: Child) -> None:
        code = child.ended()
        if code is None or self.signals:
            return
        child.clear()
        self.died(child.name, code)
        child.deaths = 1 if child.was_calm() else child.deaths + 1
        if child.deaths >= MAX_RESTARTS:
            self.say("up", f"{child.name} ended {MAX_RESTARTS} times in a row (last exit code {code}); giving up.")
            self.given_up = True
            return
        pause = 2 ** (child.deaths - 1)
        self.say("up", f"{child.name} ended with exit code {code}; starting it again in {pause} s.")
        until = time.monotonic() + pause
        while time.monotonic() < until and not self.signals:
            time.sleep(0.1)
        if not self.signals:
            child.start()

    def _stop(self) -> None:
        self.say("up", "Stopping. Press Ctrl-C again to end everything at once.")
        asked, until = self.signals, time.monotonic() + STOP_SECONDS
        self.children = [*self.children, *([self.first] if self.first is not None else [])]
        for child in self.children:
            child.signal(signal.SIGTERM)
        while any(child.ended() is None for child in self.children):
            if self.signals > asked or time.monotonic() > until:
                self._clear()
            time.sleep(0.05)
        self._clear()
        self.say("up", "Stopped.")

    def _clear(self) -> None:
        for child in self.children:
            child.clear()
