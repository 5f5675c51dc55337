"""Connections and pools: through forks, at their limits, and when the server is not what it should be."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.smartagent.postgres.test_postgres_embedded import var as var
from tests.smartagent.postgres_programs import PROJECT, run

SERVER_PID = 'one("SELECT pg_backend_pid()")'


def test_forked_workers_get_connections_of_their_own_and_leave_the_parents_alone(var):
    assert run(var, f"""
from multiprocessing import get_context
fork = get_context("fork")
mine, answers = {SERVER_PID}, fork.Queue()
workers = [fork.Process(target=lambda: answers.put({SERVER_PID})) for _ in range(3)]
[worker.start() for worker in workers]
theirs = {{answers.get(timeout=10) for _ in workers}}
[worker.join() for worker in workers]
tell(len(theirs), mine in theirs, {SERVER_PID} == mine, [worker.exitcode for worker in workers])
""") == ["3 False True [0, 0, 0]"]  # fmt: skip


def test_a_child_that_ends_like_any_program_does_not_end_the_parents_session(var):
    assert run(var, f"""
mine = {SERVER_PID}
if not os.fork():
    {SERVER_PID}
    sys.exit()
tell(os.wait()[1], {SERVER_PID} == mine)
""") == ["0 True"]  # fmt: skip


def test_the_server_stays_for_a_forked_child_that_outlives_its_parent(var):
    assert run(var, """
started = one("SELECT pg_postmaster_start_time()")
if os.fork():
    sys.exit()
time.sleep(0.7)
connection.close()
tell(one("SELECT pg_postmaster_start_time()") == started)
""") == ["True"]  # fmt: skip


def test_an_exhausted_pool_says_so(var):
    (text,) = run(var, """
settings.DATABASES["default"]["OPTIONS"]["pool"] |= {"max_size": 1, "timeout": 0.2}
one("SELECT 1")
thread = threading.Thread(target=lambda: tell(error_of(lambda: one("SELECT 1"))))
thread.start(), thread.join()
""")  # fmt: skip
    assert text.startswith("PoolExhausted: All connections of this process")


def test_a_server_that_is_too_old_is_named_with_its_version(var):
    (text,) = run(var, """
from django.db import connections
connections["default"].pg_version = 130014
tell(error_of(lambda: one("SELECT 1")))
""")  # fmt: skip
    assert text.startswith("TooOld: PostgreSQL in ")
    assert text.endswith("is version 13.14: Smart Agent needs PostgreSQL 14 or newer.")


@pytest.mark.parametrize("url", ["postgres://app:sekrit@127.0.0.1:1/agent", "postgres://app:sekrit@127.0.0.1:x/agent"])
def test_manage_py_tells_it_in_one_line_and_exits_with_2(tmp_path, url):
    (tmp_path / "elsewhere.py").write_text(
        "from pathlib import Path\nfrom smartagent.postgres.config import database\n"
        f'SECRET_KEY = "x"\nDATABASES = {{"default": database({url!r}, Path("var"))}}\n'
    )
    paths = os.pathsep.join([str(PROJECT), str(tmp_path)])
    done = subprocess.run(
        [sys.executable, PROJECT / "manage.py", "migrate"], capture_output=True, text=True, check=False,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "elsewhere", "PYTHONPATH": paths}, cwd=Path(tmp_path),
    )  # fmt: skip
    assert done.returncode == 2
    (text,) = done.stderr.splitlines()
    assert "DATABASE_URL" in text
    assert "sekrit" not in text
