"""A PostgreSQL of its own, which nobody brings back but us: the embedded programs, without their watchdog."""

import os
import signal
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil
import psycopg

from smartagent.postgres import cluster
from smartagent.postgres.config import DATABASE_NAME
from smartagent.postgres.home import Home, home
from smartagent.postgres.postmaster import Postmaster

# A small disk, and one query log for all: what is stored is durable.
OPTIONS = {"max_wal_size": "512MB", "min_wal_size": "128MB"}
END_SECONDS = 60
CUT = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND usename = current_user"


class Database:
    """The server in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.home: Home = home(folder)

    def start(self) -> None:
        """Bring it up."""
        cluster.start(self.home, OPTIONS)

    def running(self) -> bool:
        server = Postmaster.of(self.home.data)
        return server is not None and server.alive() and server.accepts()

    def stop(self) -> None:
        """A fast shutdown: transactions are rolled back, connections closed."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """SIGKILL to it and each of its processes."""
        self._end(signal.SIGKILL)

    def processes(self) -> list[psutil.Process]:
        """The server and its processes; none where it is down."""
        server = Postmaster.of(self.home.data)
        if server is None or not server.alive():
            return []
        first = psutil.Process(server.pid)
        return [first, *first.children(recursive=True)]

    def cut_connections(self) -> None:
        """End each connection but ours."""
        with self.connect() as connection:
            connection.execute(CUT)

    def connect(self) -> "psycopg.Connection[Any]":
        """A connection with autocommit."""
        return psycopg.connect(self.url, autocommit=True)

    @property
    def url(self) -> str:
        """DATABASE_URL."""
        password = quote(self.home.secret.read_text(), safe="")
        return f"postgres://{cluster.ROLE}:{password}@{quote(str(self.home.sockets()), safe='')}:5432/{DATABASE_NAME}"

    def _end(self, number: int) -> None:
        server = Postmaster.of(self.home.data)
        if server is None or not server.alive():
            return
        for process in self.processes()[: None if number == signal.SIGKILL else 1]:
            if process.is_running():
                os.kill(process.pid, number)
        until = time.monotonic() + END_SECONDS
        while server.alive() and time.monotonic() < until:
            time.sleep(0.05)
