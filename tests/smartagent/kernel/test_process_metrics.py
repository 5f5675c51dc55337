"""Counts of several processes: real ones, that are killed and replaced."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.multiprocess import MultiProcessCollector

from smartagent.kernel import process_metrics

COUNT = """
import os, sys
from django.conf import settings
settings.configure(VAR=sys.argv[1])
from smartagent.kernel.process_metrics import counter, forget_ended_processes, process_collector
JOBS = counter("jobs_total", "Jobs.", ["kind"], lambda: [("none",)])
if "begin" in sys.argv:
    forget_ended_processes()
JOBS.labels("a").inc(int(sys.argv[2]))
if "fork" in sys.argv:
    if child := os.fork():
        os.waitpid(child, 0)
    else:
        JOBS.labels("a").inc(100)
        os._exit(0)
print("counted", flush=True)
sys.stdin.read()
"""


class Process:
    started: list["Process"] = []

    def __init__(self, folder: Path, *arguments: str, code: str = COUNT) -> None:
        self.started.append(self)
        self.process = subprocess.Popen(
            [sys.executable, "-c", code, str(folder), *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self.process.stdout
        lines = iter(self.process.stdout.readline, b"")
        assert b"counted\n" in lines

    def kill(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()


@pytest.fixture(autouse=True)
def _killed() -> Iterator[None]:
    yield
    while Process.started:
        Process.started.pop().kill()


def jobs(folder: Path) -> float:
    (family,) = MultiProcessCollector(None, str(folder / "metrics")).collect()
    return {sample.labels["kind"]: sample.value for sample in family.samples}["a"]


def files(folder: Path) -> set[str]:
    return {path.name for path in (folder / "metrics").glob("*.db")}


def test_sums_of_processes_that_come_and_go(tmp_path: Path) -> None:
    first = Process(tmp_path, "1")
    Process(tmp_path, "10")
    assert (jobs(tmp_path), files(tmp_path)) == (11, {"counter_0.db", "counter_1.db"})
    first.kill()
    assert jobs(tmp_path) == 11
    third = Process(tmp_path, "5", "fork")  # has the number of the first, and its child one of its own
    assert files(tmp_path) >= {"counter_0.db", "counter_1.db", "counter_2.db"}
    assert jobs(tmp_path) == 116
    third.kill()
    (tmp_path / "metrics" / "counter_0.db").write_bytes(b"\xff\x00\x00\x00cut by a power failure")
    Process(tmp_path, "2", "begin")  # forgets those that have ended, and keeps the second
    assert (jobs(tmp_path), files(tmp_path)) == (12, {"counter_0.db", "counter_1.db"})
    assert (tmp_path / "metrics").stat().st_mode & 0o077 in (0, 0o011)  # see kernel.private_files


def test_without_a_folder_each_process_counts_for_itself(tmp_path: Path) -> None:
    (tmp_path / "metrics").write_text("no folder")
    Process(tmp_path, "1")


@pytest.mark.parametrize("content", [b"\xff\x00\x00\x00cut", b"\x00"])
def test_a_file_that_was_cut_is_begun_anew(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "metrics").mkdir(mode=0o700)
    (tmp_path / "metrics" / "counter_0.db").write_bytes(content)
    Process(tmp_path, "7").kill()
    assert jobs(tmp_path) == 7


GAUGE = """
import sys
from django.conf import settings
settings.configure(VAR=sys.argv[1])
from smartagent.kernel.process_metrics import gauge
gauge("size", "Size.", ["state"]).labels("idle").set(int(sys.argv[2]))
print("counted", flush=True)
sys.stdin.read()
"""


def test_gauges_are_those_of_processes_that_live(tmp_path: Path, settings: Any) -> None:
    settings.VAR = tmp_path

    def size() -> float:
        process_metrics._forget_ended_gauges()
        families = MultiProcessCollector(None, str(tmp_path / "metrics")).collect()
        return sum(sample.value for family in families for sample in family.samples)

    first, second = Process(tmp_path, "3", code=GAUGE), Process(tmp_path, "4", code=GAUGE)
    assert size() == 7
    first.kill()
    assert size() == 4
    second.kill()
    Process(tmp_path, "10")  # has the number of the first, and counts something else
    assert files(tmp_path) == {"counter_0.db", "gauge_livesum_1.db"}
    Process(tmp_path, "5", code=GAUGE)
    assert (size(), files(tmp_path)) == (15, {"counter_0.db", "gauge_livesum_1.db"})
