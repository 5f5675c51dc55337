"""pg_dump and pg_restore: which of them fit a server, and how they are told where it is.

pg_dump reads servers of its own major version and older; pg_restore must be of the version of the server, since a newer
one sends what an older server does not know. The password is in the environment of the program, never in its command.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from psycopg import pq
from psycopg.conninfo import make_conninfo

from smartagent.backup.errors import BackupError
from smartagent.postgres.errors import NoBinaries
from smartagent.postgres.home import programs

FOLDERS = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql@*/bin")
VERSION = re.compile(rb"\(PostgreSQL\) (\d+)")
SECRETS = ("password", "sslpassword")
MAX_ERROR = 2000  # characters of what a program says


@dataclass(frozen=True, slots=True)
class Server:
    """A server, by libpq's parameters and its major version; `role` is taken after the connection is made."""

    params: Mapping[str, str]
    major: int
    role: str = ""

    def command(self, database: str) -> list[str]:
        """The arguments that name a database of this server."""
        shown = {name: value for name, value in self.params.items() if name not in SECRETS} | {"dbname": database}
        return [f"--dbname={make_conninfo('', **shown)}", "--no-password", *([f"--role={self.role}"] * bool(self.role))]

    def environment(self) -> dict[str, str]:
        """The environment of a program of PostgreSQL; other PG* variables would mislead it."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        return kept | {"PGPASSWORD": self.params.get("password", ""), "PGAPPNAME": "smartagent backup"}


def server_of(connection: Any) -> Server:
    """The server of a connection of Django."""
    connection.ensure_connection()
    known = {option.keyword.decode() for option in pq.Conninfo.get_defaults()}
    params = {name: str(value) for name, value in connection.get_connection_params().items() if name in known}
    role = str(connection.settings_dict["OPTIONS"].get("assume_role", ""))
    return Server(params, connection.pg_version // 10_000, role)


def dump_program(server: Server) -> Path:
    """The oldest pg_dump that can read the server."""
    fitting = {major: path for major, path in _found("pg_dump").items() if major >= server.major}
    if not fitting:
        raise BackupError(_lacking("pg_dump", server.major, " or newer"))
    return fitting[min(fitting)]


def restore_program(server: Server, written_by: int) -> Path:
    """The pg_restore of the server's version; a dump by a newer pg_dump needs one of that."""
    found = _found("pg_restore")
    fitting = [major for major in found if major >= max(server.major, written_by)]
    if not fitting:
        raise BackupError(_lacking("pg_restore", max(server.major, written_by), ""))
    return found[min(fitting)]


def major_of(program: Path) -> int:
    """The major version of a program of PostgreSQL; 0 where it does not say one."""
    try:
        said = subprocess.run([program, "--version"], capture_output=True, check=False, timeout=10).stdout  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return 0
    found = VERSION.search(said)
    return int(found[1]) if found else 0


def errors_of(said: bytes) -> str:
    """What a program said when it failed, on one line."""
    lines = [line.strip() for line in said.decode(errors="replace").splitlines() if line.strip()]
    errors = [line for line in lines if "error:" in line or "ERROR" in line or "FATAL" in line] or lines[-1:]
    return "; ".join(errors)[:MAX_ERROR].rstrip(".") or "it does not say why"


@cache
def _found(name: str) -> dict[int, Path]:
    found: dict[int, Path] = {}
    for path in _places(name):
        if path.is_file() and (major := major_of(path)):
            found.setdefault(major, path)
    return found


def _places(name: str) -> Iterator[Path]:
    if on_path := shutil.which(name):
        yield Path(on_path)
    for pattern in FOLDERS:
        yield from (folder / name for folder in sorted(Path("/").glob(pattern[1:])))
    try:
        yield programs() / name
    except NoBinaries:
        return


def _lacking(name: str, major: int, more: str) -> str:
    found = ", ".join(map(str, sorted(_found(name)))) or "none"
    return (
        f"The server needs {name} of PostgreSQL {major}{more}; this machine has {found}. "
        f"Install the client programs of PostgreSQL {major}."
    )
