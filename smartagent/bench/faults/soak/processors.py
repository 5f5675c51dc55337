"""How busy the processors are with each kind of process."""

import time
from collections.abc import Mapping, Sequence

import psutil


class Processors:
    """From one reading to the next: the share of one processor that each kind of process took, in percent."""

    def __init__(self) -> None:
        self._last: dict[str, tuple[float, float]] = {}

    def read(self, processes: Mapping[str, Sequence[psutil.Process]]) -> dict[str, float]:
        """The percentages by kind since the last reading; a kind that was not read before has none."""
        now = time.monotonic()
        used = {role: (now, sum(_seconds(process) for process in each)) for role, each in processes.items()}
        last, self._last = self._last, used
        return {
            f"{role} busy %": 100 * max(seconds - last[role][1], 0.0) / (at - last[role][0])
            for role, (at, seconds) in used.items()
            if role in last and at > last[role][0]
        }


def _seconds(process: psutil.Process) -> float:
    """The processor time of a process and of its children that have ended."""
    try:
        times = process.cpu_times()
    except psutil.Error:
        return 0.0
    return float(times.user + times.system + times.children_user + times.children_system)
