"""A streaming replica of the bench's PostgreSQL, which can be made to lag."""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg

from smartagent.bench.faults.database import Database
from smartagent.postgres import cluster
from smartagent.postgres.config import DATABASE_NAME

ADMITTED = "local replication all scram-sha-256\n"
CATCH_UP_SECONDS = 60
SETTINGS = {"listen_addresses": "", "shared_buffers": "32MB", "max_connections": "200", "fsync": "off"}


class NotFollowing(Exception):
    """A program of PostgreSQL failed."""


class Replica:
    """The replica of `database` in `folder`, which is a short path: its socket is there."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database, self.folder = database, folder
        self.data = folder / "data"

    def start(self) -> None:
        """Copy the primary, and follow it."""
        self.folder.mkdir(mode=0o700)
        home = self.database.home
        home.account.own(self.folder)
        with self._admitted():
            primary = f"host='{home.sockets()}' port=5432 user={cluster.ROLE} password='{self._password()}'"
            self._run(
                "pg_basebackup", "-d", primary, "-D", self.data, "-X", "stream", "-R", "--checkpoint=fast", "--no-sync"
            )
            words = [f"-c {name}={value or repr('')}" for name, value in SETTINGS.items()]
            options = " ".join([*words, f"-c unix_socket_directories={self.folder}"])
            self._run("pg_ctl", "start", "-w", "-D", self.data, "-l", self.folder / "log", "-o", options)
            self._catch_up()

    def pause(self) -> None:
        """Take what the primary sends, and show none of it."""
        self._ask("SELECT pg_wal_replay_pause()")

    def resume(self) -> None:
        """Catch up."""
        self._ask("SELECT pg_wal_replay_resume()")

    def stop(self) -> None:
        """End it where it runs, and forget its data."""
        if not self.data.exists():
            return
        self._run("pg_ctl", "stop", "-m", "immediate", "-D", self.data)
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def url(self) -> str:
        """DATABASE_REPLICA_URL."""
        password, socket = quote(self._password(), safe=""), quote(str(self.folder), safe="")
        return f"postgres://{cluster.ROLE}:{password}@{socket}:5432/{DATABASE_NAME}"

    @contextmanager
    def _admitted(self) -> Iterator[None]:
        """Let a replica begin; once it follows, its connection stays."""
        file = self.database.home.data / "pg_hba.conf"
        before = file.read_text()
        try:
            file.write_text(before + ADMITTED)
            self._reload()
            yield
        finally:
            file.write_text(before)
            self._reload()

    def _reload(self) -> None:
        self._run("pg_ctl", "reload", "-D", self.database.home.data)
        time.sleep(0.5)

    def _catch_up(self) -> None:
        with self.database.connect() as primary:
            position = primary.execute("SELECT pg_current_wal_lsn()").fetchone()
        until = time.monotonic() + CATCH_UP_SECONDS
        while not self._ask("SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn", position):
            if time.monotonic() > until:
                raise NotFollowing("The replica does not follow.")
            time.sleep(0.1)

    def _ask(self, statement: str, values: Any = None) -> Any:
        with psycopg.connect(self.url, autocommit=True) as connection:
            row = connection.execute(statement, values).fetchone()
        return row[0] if row else None

    def _password(self) -> str:
        return self.database.home.secret.read_text()

    def _run(self, program: str, *arguments: Any) -> None:
        home = self.database.home
        done = home.account.run([home.programs / program, *map(str, arguments)])
        if done.returncode:
            raise NotFollowing(f"{program} failed: {done.stderr.strip().splitlines()[-1:]}")
