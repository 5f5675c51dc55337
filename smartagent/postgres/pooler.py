"""Whether a pool in between, such as PgBouncer, gives one session of the server to several of its clients."""

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

MAX_CONNECTION_ATTEMPTS = 3
WHO_ANSWERS = "SELECT pg_backend_pid()"


def is_shared_between_transactions(connection: BaseDatabaseWrapper) -> bool:
    """Whether two connections that are both open are answered by one process of the server.

    A pool gives out numbers of its own where the server would name the process, so without one nothing more is asked.
    """
    raw: Any = connection.connection
    if raw is None or raw.info.backend_pid == _process(connection):
        return False
    first, second = connection.copy(), connection.copy()
    try:
        return any(_process(first) == _process(second) for _ in range(MAX_CONNECTION_ATTEMPTS))
    finally:
        first.close()
        second.close()


def _process(connection: BaseDatabaseWrapper) -> int:
    with connection.cursor() as cursor:
        cursor.execute(WHO_ANSWERS)
        return int(cursor.fetchone()[0])
