"""A streaming replica of the server of the tests, by the programs of the embedded PostgreSQL."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg
import pytest
from django.db import connection

from smartagent.kernel import replica
from smartagent.postgres.home import home
from tests.databases import connection_of_its_own

POOL = {"min_size": 0, "max_size": 20, "timeout": 1}


class Replica:
    """The running replica; `session` is a connection of an administrator to it."""

    def __init__(self, process: "subprocess.Popen[bytes]", params: dict[str, Any]) -> None:
        self.process, self.params = process, params
        self.session = psycopg.connect(**params, autocommit=True)

    def catch_up(self) -> None:
        """Wait until it has all that the primary has now, and pages may be read from it: others write meanwhile."""
        with connection_of_its_own() as primary:
            row = primary.execute("SELECT pg_current_wal_lsn()").fetchone()
        until = time.monotonic() + 20
        while not self.session.execute("SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn", row).fetchone()[0]:
            assert time.monotonic() < until, "The replica does not follow."
            time.sleep(0.02)
        replica.forget()
        while replica.is_configured() and not (state := replica.replica_state()).usable:
            assert time.monotonic() < until, state.problem
            time.sleep(0.02)
            replica.look_again()

    def kill(self) -> None:
        self.session.close()
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        replica.forget()


@contextmanager
def streaming_replica() -> Iterator[Replica]:
    """Let the default connection have a replica."""
    folder = connection.settings_dict.get("EMBEDDED")
    if not folder:
        pytest.skip("only the embedded PostgreSQL brings the programs that make a replica")
    place, known = home(folder), connection.get_connection_params()
    with (
        TemporaryDirectory(prefix="replica-", dir=place.folder.parent) as scratch,
        pytest.MonkeyPatch.context() as patch,
    ):
        data = Path(scratch) / "data"
        if os.geteuid() == 0:
            os.chown(scratch, place.account.uid, place.account.gid)
        names = ("host", "port", "user", "password")
        address = " ".join(f"{name}='{known[name]}'" for name in names)
        with _admitted(place.data):
            done = place.account.run([
                place.programs / "pg_basebackup", "-d", address, "-D", data, "-X", "stream", "-R", "--checkpoint=fast",
                "--no-sync",
            ])  # fmt: skip
            assert done.returncode == 0, done.stderr
            process = _started(place, data, scratch)
            try:
                params = {**{name: known[name] for name in ("port", "user", "password", "dbname")}, "host": scratch}
                found = Replica(process, _answering(params, process, Path(scratch) / "log"))
                found.catch_up()
            except BaseException:
                process.kill()
                raise
        there = {"HOST": scratch, "PORT": known["port"], "USER": known["user"], "PASSWORD": known["password"]}
        patch.setitem(connection.settings_dict, "REPLICA", {**there, "EMBEDDED": None, "OPTIONS": {"pool": POOL}})
        try:
            yield found
        finally:
            pool = type(connection.copy())._connection_pools.pop(replica.ALIAS, None)
            if pool:
                pool.close()
            found.kill()


def _started(place: Any, data: Path, scratch: str) -> "subprocess.Popen[bytes]":
    command = [
        str(place.programs / "postgres"), "-D", str(data), "-c", f"unix_socket_directories={scratch}", "-c",
        "listen_addresses=", "-c", "fsync=off", "-c", "shared_buffers=16MB", "-c", "max_connections=200",
    ]  # fmt: skip
    rights = {"user": place.account.uid, "group": place.account.gid} if place.account.switched else {}
    with (Path(scratch) / "log").open("wb") as log:
        return subprocess.Popen(command, cwd="/", stdout=log, stderr=log, start_new_session=True, **rights)


@contextmanager
def _admitted(data: Path) -> Iterator[None]:
    """Let a replica begin; once it follows, its connection stays."""
    file = data / "pg_hba.conf"
    before = file.read_text()
    try:
        file.write_text(f"{before}local replication all scram-sha-256\n")
        _reload()
        yield
    finally:
        file.write_text(before)
        _reload()


def _reload() -> None:
    with connection_of_its_own() as primary:
        primary.execute("SELECT pg_reload_conf()")
    time.sleep(0.2)


def _answering(params: dict[str, Any], process: "subprocess.Popen[bytes]", log: Path) -> dict[str, Any]:
    until = time.monotonic() + 30
    while True:
        try:
            psycopg.connect(**params).close()
        except psycopg.OperationalError:
            assert process.poll() is None, log.read_text()[-2000:]
            assert time.monotonic() < until, log.read_text()[-2000:]
            time.sleep(0.1)
        else:
            return params
