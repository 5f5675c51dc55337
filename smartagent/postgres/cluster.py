"""Making and starting a PostgreSQL cluster in a home. Whoever calls holds the starting lock."""

import secrets
import shlex
import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from smartagent.kernel.private_files import write_private
from smartagent.postgres.config import DATABASE_NAME
from smartagent.postgres.errors import EmbeddedFailed
from smartagent.postgres.home import Home
from smartagent.postgres.postmaster import Postmaster, orphans

ROLE = "smartagent"
# Crash recovery replays what was written since the last checkpoint: minutes on a slow disk, not seconds.
START_TIMEOUT = 600
# How the server lets in: with the password; or, while there is none, who the kernel says is its own user or root.
BY_PASSWORD, BY_ACCOUNT = "local all all scram-sha-256\n", "local all all peer map=smartagent\n"
RELOAD_TIMEOUT = 10  # seconds
WAL_FILE = 16 * 1024 * 1024

# Durable, and meant for one machine with an SSD that it shares with the application.
SERVER_SETTINGS = {
    "listen_addresses": "",
    "password_encryption": "scram-sha-256",
    "scram_iterations": "1",  # they slow down guesses of a person's password; ours is 256 random bits
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "effective_cache_size": "1GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "2GB",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    # The application logs its own errors; statements may hold what is nobody's business.
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_checkpoints": "off",
}


def start(home: Home, options: Mapping[str, str]) -> Postmaster:
    """Bring the server up, whatever a former one left behind, and return it."""
    _clear_stale(home)
    if not (home.data / "PG_VERSION").exists():
        _make(home)
    _admit(home, BY_PASSWORD if home.secret.exists() else BY_ACCOUNT)
    _launch(home, {**SERVER_SETTINGS, "unix_socket_directories": f'"{home.sockets()}"', **options})
    server = Postmaster.of(home.data)
    if server is None or not server.ready:
        raise EmbeddedFailed(f"The embedded PostgreSQL did not start; see {home.log}.")
    if not _accepts_password(home, server):
        _admit(home, BY_ACCOUNT)
    protect(home, server)
    _create_database(home, server)
    return server


def protect(home: Home, server: Postmaster) -> None:
    """Let in only who has the password; a cluster that has none yet, or whose password is lost, gets a new one."""
    if home.secret.exists() and (home.data / "pg_hba.conf").read_text() == BY_PASSWORD:
        return
    password = secrets.token_urlsafe(32)
    _admit(home, BY_ACCOUNT)
    _reload(home)
    with _connected_by_account(home, server) as connection:
        connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(ROLE), sql.Literal(password)))
    write_private(home.secret, password)
    _admit(home, BY_PASSWORD)
    _reload(home)


def _accepts_password(home: Home, server: Postmaster) -> bool:
    try:
        with _connection(home, server):
            return True
    except (psycopg.OperationalError, OSError):
        return False


def _connected_by_account(home: Home, server: Postmaster) -> "psycopg.Connection[Any]":
    """Connect as the server's own account or root, once the server has read that it lets these in."""
    until = time.monotonic() + RELOAD_TIMEOUT
    while True:
        try:
            return psycopg.connect(make_conninfo(dbname="postgres", **address(server)), autocommit=True)
        except psycopg.OperationalError as error:
            if time.monotonic() > until:
                raise EmbeddedFailed(
                    f"The embedded PostgreSQL in {home.folder} cannot be given a password: {_cause(str(error))}."
                ) from error
        time.sleep(0.02)


def _connection(home: Home, server: Postmaster) -> "psycopg.Connection[Any]":
    where = make_conninfo(dbname="postgres", password=home.secret.read_text(), **address(server))
    return psycopg.connect(where, autocommit=True)


def _reload(home: Home) -> None:
    _run(home, ["pg_ctl", "reload", "-D", home.data])


def _clear_stale(home: Home) -> None:
    """Remove the lock files of a killed server: their process number may be another's now, or a zombie's."""
    if not (home.data / "postmaster.pid").exists():
        return
    until = time.monotonic() + 30
    while orphans(home.data) and time.monotonic() < until:
        time.sleep(0.05)
    for left in (home.data / "postmaster.pid", *home.sockets().glob(".s.PGSQL.*")):
        left.unlink(missing_ok=True)


def _make(home: Home) -> None:
    """Run initdb beside the final place, so that being interrupted leaves nothing that looks finished."""
    fresh = home.folder / "data.new"
    shutil.rmtree(fresh, ignore_errors=True)
    # The built-in C.UTF-8 sorts the same on every machine and survives upgrades of the system's locales.
    _run(
        home, ["initdb", "-D", fresh, "-U", ROLE, "--auth=peer", "--encoding=UTF8", "--locale=C",
               "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions"],
    )  # fmt: skip
    fresh.rename(home.data)


def _admit(home: Home, rule: str) -> None:
    """Write how the server lets in, from its next start or reload on: by `rule`, and never from the network."""
    system = "".join(f'smartagent "{name}" {ROLE}\n' for name in sorted({home.account.name, "root"}))
    for name, text in {"pg_hba.conf": rule, "pg_ident.conf": system}.items():
        if (home.data / name).read_text() != text:
            home.account.write(home.data / name, text)


def _launch(home: Home, settings: Mapping[str, str]) -> None:
    home.log.unlink(missing_ok=True)  # only of the last start, so that it never fills the disk
    words = shlex.join(word for name, value in settings.items() for word in ("-c", f"{name}={value}"))
    _run(home, ["pg_ctl", "start", "-D", home.data, "-l", home.log, "-w", "-t", str(START_TIMEOUT), "-o", words])


def _run(home: Home, command: Sequence[str | Path]) -> None:
    program, *arguments = command
    done = home.account.run([home.programs / program, *arguments])
    if done.returncode:
        log = home.log.read_text(errors="replace") if home.log.exists() else ""
        # A full disk takes the log as well, so that nothing says why.
        full = shutil.disk_usage(home.folder).free < WAL_FILE
        cause = "No space left on the disk" if full else _cause(log + done.stderr)
        raise EmbeddedFailed(f"The embedded PostgreSQL in {home.folder} does not start: {cause}.")


def _cause(text: str) -> str:
    """Pick the line that tells most out of what PostgreSQL's programs wrote."""
    lines = text.splitlines()
    for sign in ("No space left", "Permission denied", "FATAL:", "PANIC:", "error:", "could not"):
        for line in lines:
            if sign in line:
                return line.split(": ", 1)[-1].split("FATAL:")[-1].strip().rstrip(".")
    return lines[-1] if lines else "no reason given"


def _create_database(home: Home, server: Postmaster) -> None:
    try:
        with _connection(home, server) as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE_NAME]).fetchone():
                connection.execute(f"CREATE DATABASE {DATABASE_NAME} TEMPLATE template0 ENCODING 'UTF8'")
    except psycopg.Error as error:
        raise EmbeddedFailed(
            f"The embedded PostgreSQL in {home.folder} cannot make its database: {_cause(str(error))}."
        ) from error


def address(server: Postmaster) -> dict[str, str]:
    """Return libpq's parameters of the server, without the password."""
    return {"host": str(server.sockets), "port": str(server.port), "user": ROLE}
