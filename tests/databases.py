"""Databases that each process fills once, and copies for each test: to migrate takes seconds, to copy does not."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
from django.contrib.contenttypes.models import ContentType
from django.db import connection

from smartagent.bench.scratch import connect_to, on_the_server

_filled: set[str] = set()


def of_tests() -> str:
    """The name of the tests' own database, made where a test asks for `db` or `transactional_db`, and only there."""
    name = str(connection.settings_dict["NAME"])
    assert name.startswith("test_"), f"{name} is not a database of tests."
    return name


@contextmanager
def copy_of(name: str, fill: Callable[[], None]) -> Iterator[None]:
    """Point the default connection at a copy of the database that `fill` has filled, once, under this name."""
    before = of_tests()
    original = f"{before}_{name}"
    if name not in _filled:
        with _made(original, "template0"):
            fill()
        _filled.add(name)
    try:
        with _made(f"{before}_copy", original):
            yield
    finally:
        _drop(f"{before}_copy")


@contextmanager
def temporary_copy(name: str) -> Iterator[None]:
    """Point the default connection at a copy of the tests' own database, dropped afterwards."""
    copy = f"{of_tests()}_{name}"
    connect_to(of_tests())  # a database that is in use cannot be copied: threads of tests before may still be there
    on_the_server(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{of_tests()}'")
    try:
        with _made(copy, of_tests()):
            yield
    finally:
        _drop(copy)


def connection_of_its_own(database: str = "") -> psycopg.Connection:
    """A connection beside Django's pool, which has one database at a time: to the default one, or to another."""
    params = connection.get_connection_params()
    kept = ("host", "port", "user", "password", "dbname")
    params = {name: params[name] for name in kept if name in params}
    return psycopg.connect(**params | ({"dbname": database} if database else {}), autocommit=True)


def _drop(name: str) -> None:
    on_the_server(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@contextmanager
def _made(name: str, template: str) -> Iterator[None]:
    before = str(connection.settings_dict["NAME"])
    _drop(name)  # a run that was killed has left it
    on_the_server(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY file_copy')
    connect_to(name)
    ContentType.objects.clear_cache()
    try:
        yield
    finally:
        ContentType.objects.clear_cache()
        connect_to(before)
