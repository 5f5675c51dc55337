"""Django's DATABASES setting, from DATABASE_URL or its absence."""

from collections.abc import Mapping
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
URL_EXAMPLE = "postgres://user:password@host:5432/name"

# Options of Django's backend; every other one is libpq's.
DJANGO_OPTIONS = {"assume_role", "isolation_level", "prepare_threshold", "server_side_binding"}


def database(url: str | None, var: Path, server: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return DATABASES["default"]: the server of `url`, else the embedded one, with its data in `var`.

    `server` are settings of the embedded PostgreSQL, such as {"fsync": "off"} for tests.
    """
    chosen = _named(url) if url else _embedded(var, dict(server or {}))
    chosen |= {"ENGINE": DATABASE_ENGINE, "CONN_HEALTH_CHECKS": True}
    # Django refuses a pool beside persistent connections: `?conn_max_age=60` asks for these instead.
    if not chosen.setdefault("CONN_MAX_AGE", 0):
        chosen["OPTIONS"]["pool"] = {"min_size": 0, "max_size": 20, "timeout": 10}
    return chosen


def _embedded(var: Path, server: dict[str, str]) -> dict[str, Any]:
    return {"NAME": DATABASE_NAME, "EMBEDDED": var.absolute() / "postgres", "EMBEDDED_OPTIONS": server, "OPTIONS": {}}


def _named(url: str) -> dict[str, Any]:
    """Parse the URL. Errors do not quote it, since it holds a password."""
    try:
        scheme = urlsplit(url).scheme
        parsed = environ.Env.db_url_config(url) if scheme in SCHEMES else {}
    except ValueError:
        parsed = {}
    if not parsed:
        raise ImproperlyConfigured(
            f"DATABASE_URL is not of the form {URL_EXAMPLE}; write special characters of the password as %XX."
        )
    if not parsed["NAME"]:
        raise ImproperlyConfigured(f"DATABASE_URL names no database; it should look like {URL_EXAMPLE}.")
    parsed["HOST"] = unquote(parsed.get("HOST", ""))  # as libpq has it: %2Frun%2Fpostgresql is the folder of a socket
    # Without a limit, a firewall that drops packets keeps everybody waiting for two minutes.
    parsed["OPTIONS"] = {"connect_timeout": 10, **parsed.get("OPTIONS", {})}
    _refuse_unknown(parsed["OPTIONS"])
    return dict(parsed)


def _refuse_unknown(options: Mapping[str, Any]) -> None:
    try:
        make_conninfo("", **{name: value for name, value in options.items() if name not in DJANGO_OPTIONS})
    except ProgrammingError as error:
        raise ImproperlyConfigured(f"DATABASE_URL: {str(error).strip()}.") from None
