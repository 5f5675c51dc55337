"""A scratch database for benchmarks, on the same server."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management import call_command
from django.db import connection


@contextmanager
def scratch_database(*, migrated: bool = True, kept: str = "") -> Iterator[str]:
    """Connect the default connection to a new database for the length of the block; yield its name.

    A database named `kept` is reused if it exists, and not dropped: for repeated measurements of what is slow to fill.
    """
    connection.ensure_connection()  # a failure is reported in one line
    name, before = kept or f"smartagent_bench_{os.getpid()}", connection.settings_dict["NAME"]
    if not (kept and _is_there(name)):
        on_the_server(f'CREATE DATABASE "{name}" TEMPLATE template0')
    try:
        connect_to(name)
        if migrated:
            call_command("migrate", verbosity=0)
        yield name
    finally:
        connect_to(str(before))
        if not kept:
            on_the_server(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextmanager
def copies_of(database: str, count: int) -> Iterator[list[str]]:
    """So many databases like this one, which must be in no other's use, for the length of the block."""
    names = [f"{database}_{number}" for number in range(count)]
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]
    try:
        for name in names:
            on_the_server(f'CREATE DATABASE "{name}" TEMPLATE "{database}"')
        yield names
    finally:
        for name in names:
            on_the_server(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _is_there(name: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM pg_database WHERE datname = %s", [name])
        return cursor.fetchone() is not None


def on_the_server(statement: str) -> None:
    with connection._nodb_cursor() as cursor:
        cursor.execute(statement)


def connect_to(name: str) -> None:
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]
    connection.settings_dict["NAME"] = name
