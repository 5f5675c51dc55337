"""A part of the requests of one role, in a process of its own."""

import json
import subprocess
import sys
from dataclasses import asdict, dataclass
from typing import Any

from smartagent.bench.migration_process import PROJECT


@dataclass(frozen=True, kw_only=True)
class Job:
    """Of every `parts`th operation; every `edges_every`th of them also at the edges of what is allowed, beside the
    cases (0: none). `things` are the ids of what is there, by owner and word of the address."""

    role: str
    cases: int
    database: str
    things: dict[str, dict[str, str]]
    seed: int
    part: int = 0
    parts: int = 1
    edges_every: int = 0


class EndedEarly(Exception):
    """A process of requests broke."""


def run_in_process(job: Job) -> dict[str, Any]:
    """What came of the job in another process; EndedEarly."""
    command = [sys.executable, "-m", "smartagent.bench.api"]
    done = subprocess.run(  # noqa: S603 our own module
        command, cwd=PROJECT, check=False, capture_output=True, text=True, input=json.dumps(asdict(job))
    )
    if done.returncode:
        raise EndedEarly(f"The requests of the role {job.role} ended early: {done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found
