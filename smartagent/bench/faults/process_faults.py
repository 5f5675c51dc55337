"""Faults of our processes: killed, out of memory, ended in the middle, and with nobody who reads what they print."""

import os
import resource
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

from smartagent.bench.faults.stage import Fault, Stage

AGAIN = "what it did is done by its successor"
NO_MEMORY = 1 << 20  # bytes that a process may map: fewer than it has, so that it gets no more
DRAIN_SECONDS = 10.0
RENEWED_SECONDS, IMPORT_SECONDS = 20.0, 3.0


class DrainedLate(Exception):
    """An installation did not end in time after SIGTERM."""


def kill(role: str) -> Callable[[Stage], None]:
    """SIGKILL to each process of this role."""

    def begin(stage: Stage) -> None:
        for pid in stage.installation.pids(role):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    return begin


def kill_web_process(stage: Stage) -> None:
    """SIGKILL to a process that serves requests, not to the one that looks after it."""
    for pid in stage.installation.pids("web")[1:]:
        os.kill(pid, signal.SIGKILL)


def take_memory(stage: Stage) -> None:
    """Evaluator and workers get a MemoryError where they need more than they have; the evaluator is a new one, whose
    first evaluation does."""
    _renew_evaluator(stage)
    for pid in stage.installation.pids("evaluator") + stage.installation.pids("worker"):
        resource.prlimit(pid, resource.RLIMIT_AS, (NO_MEMORY, resource.RLIM_INFINITY))


def _renew_evaluator(stage: Stage) -> None:
    before = stage.installation.pids("evaluator")
    for pid in before:
        os.kill(pid, signal.SIGTERM)
    until = time.monotonic() + RENEWED_SECONDS
    while not set(stage.installation.pids("evaluator")) - set(before) and time.monotonic() < until:
        time.sleep(0.1)
    time.sleep(IMPORT_SECONDS)


def give_memory(stage: Stage) -> None:
    for pid in stage.installation.pids("evaluator") + stage.installation.pids("worker"):
        with suppress(ProcessLookupError):
            resource.prlimit(pid, resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def end_in_the_middle(stage: Stage) -> None:
    """SIGTERM while deliveries are sent and rules evaluated; then it is started again."""
    if (took := stage.installation.stop()) > DRAIN_SECONDS:
        raise DrainedLate(f"It took {took:.1f} s to end after SIGTERM; {DRAIN_SECONDS:g} are allowed.")


def start_again(stage: Stage) -> None:
    stage.installation.start()


def stop_reading(stage: Stage) -> None:
    """Nobody reads any more, and the pipe is full."""
    stage.installation.reading.clear()
    stage.installation.fill_output()


def read_on(stage: Stage) -> None:
    stage.installation.reading.set()


def process_faults() -> Iterator[Fault]:
    yield Fault(name="web killed", cause="kill -9 of the web server", holds=AGAIN, begin=kill("web"))
    yield Fault(
        name="web process killed", cause="kill -9 of a process that serves requests", holds=AGAIN,
        begin=kill_web_process,
    )  # fmt: skip
    yield Fault(
        name="worker killed", cause="kill -9 of the workers, as the kernel does without memory", holds=AGAIN,
        begin=kill("worker"),
    )  # fmt: skip
    yield Fault(name="scheduler killed", cause="kill -9 of the scheduler", holds=AGAIN, begin=kill("scheduler"))
    yield Fault(name="cluster killed", cause="kill -9 of qcluster", holds=AGAIN, begin=kill("cluster"))
    yield Fault(name="evaluator killed", cause="kill -9 of evaluate", holds=AGAIN, begin=kill("evaluator"))
    yield Fault(name="delivery worker killed", cause="kill -9 of deliver", holds=AGAIN, begin=kill("deliver"))
    yield Fault(
        name="out of memory", cause="no more memory for evaluator and workers (RLIMIT_AS)",
        holds="the evaluation fails by itself, and the next one does its work", begin=take_memory, end=give_memory,
        seconds=20,
    )  # fmt: skip
    yield Fault(
        name="terminated", cause="SIGTERM to everything", holds="it ends within 10 s, and goes on where it was",
        begin=end_in_the_middle, end=start_again, seconds=1,
    )  # fmt: skip
    yield Fault(
        name="output not read", cause="nobody reads what `up` prints (a full pipe)",
        holds="it works on, and prints later what waited", harmless="nothing was lost: the lines were printed later",
        begin=stop_reading, end=read_on, seconds=20,
    )  # fmt: skip
