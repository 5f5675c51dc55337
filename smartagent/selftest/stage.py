"""The result of a stage."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from rules.evaluation.readings import cause_of


class StageStatus(StrEnum):
    """`no test channel`: nothing could be tried; skipped: an earlier stage failed, or a silence is in effect."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"
    NO_TEST_CHANNEL = "no test channel"


class StageFailed(Exception):
    """A stage did not do what it should; the message says what was found."""


class StageSkipped(Exception):
    """A stage could not be tried; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One stage; milliseconds are None where it was not tried."""

    stage: str
    status: StageStatus
    milliseconds: float | None = None
    error: str = ""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self) | {"status": self.status.value}


def timed(name: str, work: Callable[[], object]) -> Stage:
    """Do the work of a stage; whatever goes wrong is its result."""
    started = time.perf_counter()
    status, error = StageStatus.PASSED, ""
    try:
        work()
    except StageSkipped as reason:
        return Stage(stage=name, status=StageStatus.SKIPPED, error=str(reason))
    except StageFailed as failure:
        status, error = StageStatus.FAILED, str(failure)
    except Exception as failure:  # a stage that breaks has failed, and the others are tried
        status, error = StageStatus.FAILED, cause_of(failure)
    milliseconds = round((time.perf_counter() - started) * 1000, 1)
    return Stage(stage=name, status=status, milliseconds=milliseconds, error=error)
