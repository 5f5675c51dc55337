"""One child process, whose lines are shown behind its name, and which dies with its parent."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field

from smartagent.kernel.parent_process import die_with_parent

CALM = 60.0  # seconds after which a child counts as healthy again


@dataclass(slots=True)
class Child:
    """A command that is kept running. It has a session of its own, so that Ctrl-C reaches it only through us."""

    name: str
    command: list[str]
    say: Callable[[str, str], None]
    environment: Mapping[str, str] = field(default_factory=dict)
    deaths: int = 0
    started: float = 0.0
    process: "subprocess.Popen[str] | None" = None

    def start(self) -> None:
        """Start it, and show its lines from now on."""
        self.started = time.monotonic()
        self.process = subprocess.Popen(  # noqa: S603 our own command
            self.command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            bufsize=1, errors="replace", start_new_session=True, env={**os.environ, **self.environment},
            preexec_fn=die_with_parent,  # noqa: PLW1509 no thread holds a lock that a child could need
        )  # fmt: skip
        threading.Thread(target=self._show, args=[self.process], daemon=True).start()

    def ended(self) -> int | None:
        """Its exit code, once it has ended; a new death is counted by the caller."""
        return self.process.poll() if self.process else None

    def clear(self) -> None:
        """End what a dead child has left behind in its session: a web server's workers may outlive it."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)

    def was_calm(self) -> bool:
        """Whether it had run long enough for earlier deaths to be forgotten."""
        return time.monotonic() - self.started > CALM

    def signal(self, number: int) -> None:
        """Send a signal to it, where it still runs."""
        if self.process is None or self.process.poll() is not None:
            return
        with suppress(ProcessLookupError):
            self.process.send_signal(number)

    def _show(self, process: "subprocess.Popen[str]") -> None:
        with process.stdout or nullcontext(()) as lines:
            for line in lines:
                self.say(self.name, line.rstrip())
