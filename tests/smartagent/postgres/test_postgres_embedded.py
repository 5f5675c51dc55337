"""The embedded server: started by the first to come, stopped after the last, started again after a crash."""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from smartagent.postgres import embedded
from smartagent.postgres.postmaster import Postmaster
from tests.smartagent.postgres_programs import eventually, output_of, run, start

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
COUNT = 'tell(one("SELECT count(*) FROM kept"))'
KEEP = 'do("CREATE TABLE kept AS SELECT 1 AS x"); '
WAIT = 'tell(one("SELECT 1")); sys.stdin.read()'


@pytest.fixture
def var() -> Iterator[Path]:
    """A folder that the server's user reaches; pytest's own is closed to it where root runs the tests."""
    folder = Path(tempfile.mkdtemp(prefix="agent-"))
    folder.chmod(0o711)
    yield folder
    for home in folder.rglob("postgres"):
        eventually(lambda home=home: not embedded.status(home).running)
    for link in folder.rglob("socket"):
        if link.is_symlink():
            shutil.rmtree(link.readlink())
    shutil.rmtree(folder)


def postmaster(var: Path) -> Postmaster | None:
    return Postmaster.of((var / "postgres").resolve() / "data")


def kill_everything(var: Path) -> None:
    """kill -9 for the server, its children and the watchdog."""
    folder = str((var / "postgres").resolve())
    for process in psutil.process_iter(["cwd", "cmdline"]):
        if process.info["cwd"] == f"{folder}/data" or folder in (process.info["cmdline"] or []):
            process.kill()


def test_it_starts_on_the_first_connection_and_stops_with_its_last_user(var):
    body = 'tell((Path(var) / "postgres").exists()); ' + KEEP + COUNT
    assert run(var, body) == ["False", "1"]
    assert not embedded.status(var / "postgres").running
    assert run(var, COUNT) == ["1"]


def test_many_at_once_start_one_server(var):
    body = 'tell(one("SELECT pg_postmaster_start_time()")); sys.stdin.read()'
    programs = [start(var, body) for _ in range(5)]
    started = {program.stdout.readline() for program in programs}
    assert [output_of(program) for program in programs] == [[]] * 5
    assert len(started) == 1


def test_the_server_outlives_who_started_it_while_another_uses_it(var):
    first, second = start(var, WAIT), start(var, WAIT)
    assert first.stdout.readline() == second.stdout.readline() == "1\n"
    pid = embedded.status(var / "postgres").pid
    assert output_of(first) == []
    assert embedded.status(var / "postgres").pid == pid
    assert output_of(second) == []
    assert embedded.status(var / "postgres").pid is None


def test_a_user_killed_with_9_does_not_leave_the_server_behind(var):
    program = start(var, WAIT)
    program.stdout.readline()
    program.kill()
    program.communicate()
    assert eventually(lambda: not embedded.status(var / "postgres").running)


def test_it_comes_back_after_everything_was_killed_with_9(var):
    program = start(var, KEEP + WAIT)
    program.stdout.readline()
    program.kill()
    kill_everything(var)
    program.communicate()
    assert run(var, COUNT) == ["1"]


def test_a_stale_pid_that_belongs_to_another_process_now_is_no_obstacle(var):
    program = start(var, KEEP + WAIT)
    program.stdout.readline()
    stale = (var / "postgres").resolve() / "data" / "postmaster.pid"
    text = stale.read_text()
    program.kill()
    kill_everything(var)
    program.communicate()
    stale.write_text(text.replace(text.split("\n")[0], str(os.getpid()), 1))
    assert run(var, COUNT) == ["1"]


def test_a_program_whose_server_was_killed_gets_a_new_one_at_its_next_connection(var):
    program = start(var, KEEP + 'tell("ready"); sys.stdin.readline(); connection.close(); ' + COUNT)
    program.stdout.readline()
    os.kill(embedded.status(var / "postgres").pid, signal.SIGKILL)
    assert eventually(lambda: not embedded.status(var / "postgres").running)
    program.stdin.write("go\n")
    assert output_of(program)[-1] == "1"  # the pool may have warned of the connection that broke


@pytest.mark.parametrize("name", ["a space, a 'quote' and ünïcode", "long" * 50])
def test_it_runs_in_folders_of_any_name(var, name):
    assert run(var / name, 'tell(one("SELECT 1"))') == ["1"]


def test_a_folder_that_cannot_be_made_is_told_in_one_line(var):
    (var / "file").touch()
    (text,) = run(var / "file", 'tell(error_of(lambda: one("SELECT 1")))')
    assert text.startswith("EmbeddedFailed: The embedded PostgreSQL cannot use its folder")


def test_settings_that_postgres_refuses_are_told_in_one_line(var):
    wrong = 'connection.settings_dict["EMBEDDED_OPTIONS"] = {"max_connections": "many"}; '
    (text,) = run(var, wrong + 'tell(error_of(lambda: one("SELECT 1")))')
    assert text.startswith("EmbeddedFailed:")
    assert "max_connections" in text


def test_a_platform_without_it_is_told_to_set_database_url(var):
    missing = "from smartagent.postgres import home; home.PACKAGE = 'no_such_package'; "
    (text,) = run(var, missing + 'tell(error_of(lambda: one("SELECT 1")))')
    assert "set DATABASE_URL to a PostgreSQL 14 or newer" in text


def test_test_databases_can_be_made_and_are_never_mixed_up_with_the_real_one(var):
    assert run(var, """
tell(one("SELECT current_database()"))
connection.creation.create_test_db(verbosity=0, autoclobber=True)
tell(one("SELECT current_database()"))
connection.creation.destroy_test_db("smartagent", verbosity=0)
tell(one("SELECT count(*) FROM pg_database WHERE datname = 'test_smartagent'"))
""") == ["smartagent", "test_smartagent", "0"]  # fmt: skip


@as_root
def test_other_users_of_the_machine_are_kept_out_even_where_the_folders_are_open(var):
    assert run(var, """
import psycopg
one("SELECT 1")
params = connection.get_connection_params()
for path in (Path(var), Path(var) / "postgres", Path(params["host"])):
    path.chmod(0o755)
next(Path(params["host"]).glob(".s.PGSQL.*[0-9]")).chmod(0o777)
if not os.fork():
    os.setgid(65534), os.setuid(65534)
    for password in ("", "guessed"):
        where = dict(host=params["host"], user="smartagent", dbname="smartagent", password=password)
        tell(error_of(lambda: psycopg.connect(**where)).partition("FATAL:")[0].count("Error"))
    tell(error_of(lambda: (Path(var) / "postgres_password").read_text())[:15])
    os._exit(0)
os.wait()
""") == ["1", "1", "PermissionError"]  # fmt: skip


def test_only_the_owner_reads_what_is_in_the_folder_and_only_the_password_lets_in(var):
    var.chmod(0o755)
    assert run(var, """
params = connection.get_connection_params()
tell(one("SHOW listen_addresses") == "", one("SHOW password_encryption"))
tell(one("SELECT left(rolpassword, 15) FROM pg_authid WHERE rolname = 'smartagent'"))
tell(one("SELECT string_agg(type || ' ' || auth_method, ',') FROM pg_hba_file_rules"))
tell(params["password"] == (Path(var) / "postgres_password").read_text())
""") == ["True scram-sha-256", "SCRAM-SHA-256$1", "local scram-sha-256", "True"]  # fmt: skip
    assert {path.name: path.lstat().st_mode & 0o007 for path in var.rglob("*")}.items() >= {
        "postgres": 0, "postgres_password": 0, "data": 0, "log": 0, ".postgres.lock": 0
    }.items()  # fmt: skip
    assert var.stat().st_mode & 0o007 == 0


def test_a_cluster_of_an_earlier_version_gets_a_password_and_one_that_is_lost_is_replaced(var):
    program = start(var, KEEP + WAIT)
    program.stdout.readline()
    data, secret = (var / "postgres").resolve() / "data", var / "postgres_password"
    (data / "pg_hba.conf").write_text("local all all peer map=smartagent\n")
    secret.unlink()
    assert run(var, COUNT) == ["1"]  # while it runs
    output_of(program)
    secret.write_text("another")
    assert run(var, COUNT) == ["1"]  # when it starts
    assert secret.stat().st_mode & 0o777 == 0o600
    assert (data / "pg_hba.conf").read_text() == "local all all scram-sha-256\n"


@as_root
def test_below_a_closed_folder_the_data_live_where_the_server_reaches_them(var):
    closed = var / "closed"
    closed.mkdir(mode=0o700)
    elsewhere = f"from smartagent.postgres import home; home.SYSTEM_HOME = Path({str(var / 'lib')!r}); "
    assert run(closed, elsewhere + KEEP + COUNT) == ["1"]
    assert run(closed, COUNT) == ["1"]
    assert (closed / "postgres").readlink().parent == var / "lib"
    assert closed.stat().st_mode & 0o777 == 0o700
