"""The processes of `manage.py up`, here small programs: what runs once, and what waits for it."""

import os
import signal
import sys
import threading
from pathlib import Path

import pytest

from smartagent.up.child import Child
from smartagent.up.supervisor import Supervisor

STAYS = "import pathlib, sys, time; pathlib.Path(sys.argv[1]).touch(); time.sleep(60)"
ENDS = "import os, pathlib, sys; before = os.listdir(sys.argv[2]); print(sorted(before)); sys.exit(int(sys.argv[1]))"


@pytest.fixture
def lines():
    return []


@pytest.fixture
def child(tmp_path, lines):
    def make(name, program, *arguments):
        return Child(name, [sys.executable, "-c", program, *arguments], lambda *line: lines.append(line))

    return make


def run(supervisor, until):
    """Run it in this thread, which has the signals, until a file is there."""

    def wait():
        while not until.exists():
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    threading.Thread(target=wait, daemon=True).start()
    try:
        return supervisor.run(lambda: True)
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


@pytest.mark.parametrize("code", [0, 3])
def test_pages_are_there_while_the_first_runs_and_workers_come_after_it(child, lines, tmp_path: Path, code):
    web, worker, seen = tmp_path / "web", tmp_path / "worker", tmp_path / "seen"
    seen.mkdir()
    slow = f"import pathlib, time\nwhile not pathlib.Path({str(web)!r}).exists(): time.sleep(0.01)\n{ENDS}"
    supervisor = Supervisor(
        [child("web", STAYS, str(web))], lambda *line: lines.append(line),
        first=child("demo", slow, str(code), str(tmp_path)), later=[child("workers", STAYS, str(worker))],
    )  # fmt: skip
    assert run(supervisor, worker) == 0
    assert ("demo", "['seen', 'web']") in lines
    complaint = ("up", "demo ended with exit code 3; going on without it.")
    assert (complaint in lines) is (code == 3)
    assert lines[-1] == ("up", "Stopped.")
    assert all(one.ended() is not None for one in supervisor.children)


def test_where_nothing_runs_first_all_start_at_once(child, lines, tmp_path: Path):
    worker = tmp_path / "worker"
    supervisor = Supervisor([], lambda *line: lines.append(line), later=[child("workers", STAYS, str(worker))])
    assert run(supervisor, worker) == 0


def test_who_stops_it_meanwhile_stops_the_first_too(child, lines, tmp_path: Path):
    begun, worker = tmp_path / "begun", tmp_path / "worker"
    first = child("demo", STAYS, str(begun))
    supervisor = Supervisor(
        [], lambda *line: lines.append(line), first=first, later=[child("workers", STAYS, str(worker))]
    )
    assert run(supervisor, begun) == 0
    assert first.ended() is not None
    assert not worker.exists()
