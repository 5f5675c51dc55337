"""PgBouncer in transaction mode in front of the database of the tests."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.db import connection

from tests.servers.process import free_port, wait_for

CONFIG = """
[databases]
* = host={host} port={port} user={user} password={password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listens}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = {sessions}
"""


@contextmanager
def pgbouncer(folder: Path, sessions: int) -> Iterator[int]:
    """Give the port of a PgBouncer with so many sessions of the server of the default connection."""
    if not (found := shutil.which("pgbouncer")):
        pytest.skip("pgbouncer is not installed; .ci/servers installs Debian's package of that name")
    known = connection.get_connection_params()
    listens, config = free_port(), folder / "pgbouncer.ini"
    config.write_text(CONFIG.format(
        host=known["host"], port=known["port"], user=known["user"], password=known["password"], listens=listens,
        sessions=sessions,
    ))  # fmt: skip
    account = []
    if os.geteuid() == 0:  # as whom it does not run: as whom the socket of the server belongs to
        owner = Path(known["host"]).stat()
        shutil.chown(config, owner.st_uid, owner.st_gid)
        for each in (folder, *folder.parents[:2]):
            each.chmod(0o755)
        account = ["-u", Path(known["host"]).owner()]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([found, *account, config], stdout=log, stderr=subprocess.STDOUT)
        try:
            wait_for(lambda: _answers(listens), lambda: process.poll() is None, folder / "log")
            yield listens
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()


@contextmanager
def through_pgbouncer(folder: Path, sessions: int) -> Iterator[int]:
    """Let the default connection lead through PgBouncer, with the server itself for what needs a session."""
    known = connection.settings_dict
    with pgbouncer(folder, sessions) as port, pytest.MonkeyPatch.context() as patch:
        direct = {name: known[name] for name in ("HOST", "PORT", "USER", "PASSWORD", "NAME")}
        direct["EMBEDDED"], direct["OPTIONS"] = known.get("EMBEDDED"), {**known["OPTIONS"], "pool": None}
        _let_go()
        pooled = {"HOST": "127.0.0.1", "PORT": port, "USER": "any", "EMBEDDED": None, "DIRECT": direct}
        for name, value in pooled.items():
            patch.setitem(known, name, value)
        patch.setattr(settings, "DATABASE_DIRECT_URL", "set", raising=False)
        try:
            yield port
        finally:
            _let_go()


def _let_go() -> None:
    connection.close()
    connection.close_pool()


def _answers(port: int) -> bool:
    name = str(connection.settings_dict["NAME"])
    try:
        with closing(psycopg.connect(host="127.0.0.1", port=port, user="any", dbname=name)):
            return True
    except psycopg.OperationalError:
        return False
