"""What processes count about themselves, for Prometheus: counters and histograms, summed over all of them.

prometheus-client keeps the values of each process in files that are mapped into memory (its multiprocess mode), below
VAR_DIR. A process takes the lowest number that no living process holds, and with it the files of the one that had it
before: so there are as many files as processes live at a time, however often workers are replaced, and no sum goes
down. What is the case now is read from the database, but for what only a process knows, such as its pool: the gauges of
processes that live are added, and those of processes that have ended are deleted.
"""

import fcntl
import os
import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from itertools import count
from pathlib import Path
from typing import IO, Any

import structlog
from django.conf import settings
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, values
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.mmap_dict import MmapedDict
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from smartagent.kernel.mapped_files import AllocatedFile
from smartagent.kernel.private_files import private_folder

log = structlog.get_logger(__name__)
FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
GAUGES = "gauge_*"
OTHER = "other"  # the label of what is not known by name
SECONDS = (0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
UNREADABLE = (RuntimeError, ValueError, struct.error)  # a file that was cut by a power failure
LabelValues = Iterable[Sequence[str]]

_registry = CollectorRegistry()
_known: list[tuple[MetricWrapperBase, Callable[[], LabelValues]]] = []


def counter(name: str, documentation: str, labels: Sequence[str], known: Callable[[], LabelValues] = tuple) -> Counter:
    """A counter with labels. Those of its label values that are `known` are shown as 0 before anything was counted."""
    made = Counter(name, documentation, labels, registry=_registry)
    _known.append((made, known))
    return made


def histogram(
    name: str,
    documentation: str,
    labels: Sequence[str],
    known: Callable[[], LabelValues] = tuple,
    buckets: Sequence[float] = SECONDS,
) -> Histogram:
    """A histogram, as `counter`."""
    made = Histogram(name, documentation, labels, registry=_registry, buckets=buckets)
    _known.append((made, known))
    return made


def gauge(name: str, documentation: str, labels: Sequence[str], known: Callable[[], LabelValues] = tuple) -> Gauge:
    """A gauge, the sum over the processes that live."""
    made = Gauge(name, documentation, labels, registry=_registry, multiprocess_mode="livesum")
    _known.append((made, known))
    return made


def process_collector() -> Collector:
    """The sums over all processes, also those that have ended."""
    for metric, known in _known:
        for label_values in known():
            metric.labels(*label_values)
    if _value_class() is values.MutexValue:
        return _registry
    _forget_ended_gauges()
    return MultiProcessCollector(None, str(_folder()))  # type: ignore[no-untyped-call]


def forget_ended_processes() -> None:
    """Begin anew with no counts, but for those of processes that still run."""
    _forget("*")


def _forget_ended_gauges() -> None:
    _forget(GAUGES)


def _forget(kind: str) -> None:
    """Delete the files of this kind of processes that have ended."""
    for number in sorted(int(path.stem) for path in _folder().glob("*.lock") if path.stem.isdigit()):
        files = list(_files(_folder(), number, kind))
        if files and (held := _hold(_folder(), number)):
            with held:
                for path in files:
                    path.unlink(missing_ok=True)


class _ProcessNumber:
    """Which number this process holds; taken when it counts first, and anew after a fork."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process = 0
        self.number = 0
        self.held: IO[bytes] | None = None

    def __call__(self) -> int:
        if self.process != os.getpid():
            self._take()
        return self.number

    def _take(self) -> None:
        if self.held:  # of the process that forked, which keeps it
            self.held.close()
        for number in count():
            if held := _hold(self.folder, number):
                self.process, self.number, self.held = os.getpid(), number, held
                break
        for path in _files(self.folder, self.number, GAUGES):  # of the process before
            path.unlink()
        for path in _files(self.folder, self.number):
            if not _is_readable(path):
                path.unlink()


class _Value:
    """Makes the values of metrics, once the first is needed: then the settings are known."""

    _multiprocess = True

    def __new__(cls, *args: Any, **options: Any) -> Any:
        try:
            return _value_class()(*args, **options)
        except OSError as error:  # a full disk
            log.warning("not counted for /metrics", metric=args[2], cause=str(error))
            return values.MutexValue(*args, **options)  # type: ignore[no-untyped-call]


values.ValueClass = _Value
values.MmapedDict = AllocatedFile  # type: ignore[attr-defined]


@cache
def _value_class() -> Any:
    try:
        private_folder(_folder())
        number = _ProcessNumber(_folder())
        number()
    except OSError as error:
        log.warning("processes are counted each for itself", folder=str(_folder()), cause=str(error))
        return values.MutexValue
    os.environ[FOLDER_VARIABLE] = str(_folder())
    return values.MultiProcessValue(number)  # type: ignore[no-untyped-call]


def _folder() -> Path:
    return Path(settings.VAR) / "metrics"


def _files(folder: Path, number: int, kind: str = "*") -> Iterator[Path]:
    return folder.glob(f"{kind}_{number}.db")


def _hold(folder: Path, number: int) -> IO[bytes] | None:
    """The lock of a number, released when the process ends however it ends; None where another process has it."""
    file = (folder / f"{number}.lock").open("ab")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file


def _is_readable(path: Path) -> bool:
    try:
        return all(True for _ in MmapedDict.read_all_values_from_file(str(path)))  # type: ignore[no-untyped-call]
    except UNREADABLE:
        return False
