"""Some of the places, in a process of its own."""

import json
import subprocess
import sys
from dataclasses import asdict, dataclass
from typing import Any

from smartagent.bench.api.job import EndedEarly
from smartagent.bench.hostile.places import Place
from smartagent.bench.migration_process import PROJECT


@dataclass(frozen=True, kw_only=True)
class Job:
    """The places, and how many inputs each of them is sent."""

    database: str
    inputs: int
    places: list[Place]


def run_in_process(job: Job) -> list[dict[str, Any]]:
    """The tallies of the places, sent by another process; EndedEarly."""
    command = [sys.executable, "-m", "smartagent.bench.hostile"]
    done = subprocess.run(  # noqa: S603 our own module
        command, cwd=PROJECT, check=False, capture_output=True, text=True, input=json.dumps(asdict(job))
    )
    if done.returncode:
        raise EndedEarly(f"The hostile requests ended early: {done.stderr[-2000:]}")
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def read_job(text: str) -> Job:
    """The job that `run_in_process` has written."""
    given = json.loads(text)
    return Job(**given | {"places": [Place(**each) for each in given["places"]]})
