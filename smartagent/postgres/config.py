"""Django's DATABASES setting, from DATABASE_URL or its absence."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured
from psycopg import ProgrammingError
from psycopg.conninfo import make_conninfo

DATABASE_ENGINE = "smartagent.postgres"
DATABASE_NAME = "smartagent"
SCHEMES = ("postgres", "postgresql", "psql", "pgsql")
# Programs that answer many people, or send to many, share the sessions of a pool; every other command has its own.
SHARING_COMMANDS = ("deliver", "runserver", "web")
# A pool tries to connect for so long, with growing pauses; then whoever asks next lets it try again at once. Were it
# long, the pauses of a long outage would go on after its end.
RECONNECT_SECONDS = 1.0
REPLICA_SECONDS = 2  # to connect; then the primary is asked
URL_EXAMPLE = "postgres://user:password@host:5432/name"

# Options of Django's backend; every other one is libpq's.
DJANGO_OPTIONS = {"assume_role", "isolation_level", "prepare_threshold", "server_side_binding"}


def through_pool(url: str | None, direct: str, var: Path, command: Sequence[str]) -> dict[str, Any]:
    """Return DATABASES["default"] for the program of that command line: `url`, which leads through a pool, with
    `direct` for what needs a session; for most commands `direct` alone."""
    if not url:
        raise ImproperlyConfigured(
            "DATABASE_DIRECT_URL is set, but DATABASE_URL, which leads through the pool, is not."
        )
    session = database(direct, var, name="DATABASE_DIRECT_URL")
    if Path(command[0]).name in ("manage.py", "django-admin") and command[1:2] not in [
        [name] for name in SHARING_COMMANDS
    ]:
        return session
    session["OPTIONS"].pop("pool", None)
    pooled = database(url, var)
    if found := sorted({"assume_role", "options"} & set(pooled["OPTIONS"])):
        raise ImproperlyConfigured(
            f"DATABASE_URL: {found[0]} is a setting of a session, which a pool in transaction mode does not keep: "
            "use ALTER ROLE … SET for the account instead."
        )
    return pooled | {"DIRECT": session}


# A network that drops packets without a word would keep everybody waiting: two minutes to connect, two hours for an
# answer. https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS, seconds and milliseconds.
PATIENCE = {
    "connect_timeout": 10, "keepalives_idle": 15, "keepalives_interval": 5, "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}  # fmt: skip


def database(
    url: str | None, var: Path, server: Mapping[str, str] | None = None, *, name: str = "DATABASE_URL"
) -> dict[str, Any]:
    """Return DATABASES["default"]: the server of `url`, else the embedded one, with its data in `var`.

    `server` are settings of the embedded PostgreSQL, such as {"fsync": "off"} for tests; `name` is the variable.
    """
    chosen = _named(url, name) if url else _embedded(var, dict(server or {}))
    chosen |= {"ENGINE": DATABASE_ENGINE, "CONN_HEALTH_CHECKS": True}
    # Django refuses a pool beside persistent connections: `?conn_max_age=60` asks for these instead.
    if not chosen.setdefault("CONN_MAX_AGE", 0):
        chosen["OPTIONS"]["pool"] = {
            "min_size": 0, "max_size": 20, "timeout": 10, "reconnect_timeout": RECONNECT_SECONDS,
        }  # fmt: skip
    return chosen


def replica(url: str, var: Path) -> dict[str, Any]:
    """The settings of a replica, for which nobody waits long."""
    chosen = database(url, var, name="DATABASE_REPLICA_URL")
    chosen["OPTIONS"]["connect_timeout"] = REPLICA_SECONDS
    if "pool" in chosen["OPTIONS"]:
        chosen["OPTIONS"]["pool"]["timeout"] = REPLICA_SECONDS
    return chosen


def _embedded(var: Path, server: dict[str, str]) -> dict[str, Any]:
    return {"NAME": DATABASE_NAME, "EMBEDDED": var.absolute() / "postgres", "EMBEDDED_OPTIONS": server, "OPTIONS": {}}


def _named(url: str, name: str) -> dict[str, Any]:
    """Parse the URL. Errors do not quote it, since it holds a password."""
    try:
        scheme = urlsplit(url).scheme
        parsed = environ.Env.db_url_config(url) if scheme in SCHEMES else {}
    except ValueError:
        parsed = {}
    if not parsed:
        raise ImproperlyConfigured(
            f"{name} is not of the form {URL_EXAMPLE}; write special characters of the password as %XX."
        )
    if not parsed["NAME"]:
        raise ImproperlyConfigured(f"{name} names no database; it should look like {URL_EXAMPLE}.")
    parsed["HOST"] = unquote(parsed.get("HOST", ""))  # as libpq has it: %2Frun%2Fpostgresql is the folder of a socket
    parsed["OPTIONS"] = {**PATIENCE, **parsed.get("OPTIONS", {})}
    _refuse_unknown(parsed["OPTIONS"], name)
    return dict(parsed)


def _refuse_unknown(options: Mapping[str, Any], variable: str) -> None:
    try:
        make_conninfo("", **{name: value for name, value in options.items() if name not in DJANGO_OPTIONS})
    except ProgrammingError as error:
        raise ImproperlyConfigured(f"{variable}: {str(error).strip()}.") from None
