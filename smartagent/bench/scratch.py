"""A database of the bench's own, on the same server, made and dropped."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management import call_command
from django.db import connection


@contextmanager
def scratch_database(*, migrated: bool = True) -> Iterator[str]:
    """Point the default connection at a new database for the length of the block; give its name."""
    connection.ensure_connection()  # a failure is reported in one line
    name, before = f"smartagent_bench_{os.getpid()}", connection.settings_dict["NAME"]
    on_the_server(f'CREATE DATABASE "{name}" TEMPLATE template0')
    try:
        connect_to(name)
        if migrated:
            call_command("migrate", verbosity=0)
        yield name
    finally:
        connect_to(str(before))
        on_the_server(f'DROP DATABASE "{name}" WITH (FORCE)')


def on_the_server(statement: str) -> None:
    with connection._nodb_cursor() as cursor:
        cursor.execute(statement)


def connect_to(name: str) -> None:
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]
    connection.settings_dict["NAME"] = name
