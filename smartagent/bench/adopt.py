"""Duration of the takeover of a legacy database, and the longest wait of its old application meanwhile."""

import time
from dataclasses import asdict, dataclass

from smartagent.bench.legacy import make_legacy
from smartagent.bench.migration_process import migrating
from smartagent.bench.writers import Writers

WRITERS = 3


class NotTakenOver(Exception):
    """`migrate` failed on the bench's legacy database; its output is above."""

    def __str__(self) -> str:
        return str(self.__doc__)


@dataclass(frozen=True, kw_only=True)
class AdoptFigures:
    """`seconds` is the duration of `migrate`; the other fields are what the old application measured meanwhile."""

    rows: int
    seconds: float
    writer_statements: int
    writer_failures: int
    writer_longest_wait_ms: float

    def as_dict(self) -> dict[str, float]:
        return asdict(self)


def bench_adopt(rows: int, database: str) -> AdoptFigures:
    """Measure in `database`, the empty scratch database of the default connection."""
    make_legacy(rows)
    writers = Writers(WRITERS)
    with writers.writing():
        started = time.perf_counter()
        failed = migrating(database).wait()
        seconds = time.perf_counter() - started
    if failed:
        raise NotTakenOver
    return AdoptFigures(
        rows=rows,
        seconds=round(seconds, 1),
        writer_statements=writers.statements,
        writer_failures=writers.failures,
        writer_longest_wait_ms=round(writers.longest * 1000, 1),
    )
