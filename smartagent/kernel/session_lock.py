"""A lock that one process of this database has at a time, until it ends what it does."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from smartagent.kernel.own_session import own_session


@contextmanager
def alone(lock: int, *, waits: bool = False) -> Iterator[bool]:
    """Take the advisory lock for this block, or wait for it; give whether it is taken."""
    with own_session(), connection.cursor() as cursor:
        cursor.execute(f"SELECT {'pg_advisory_lock' if waits else 'pg_try_advisory_lock'}(%s)", [lock])
        free = waits or bool(cursor.fetchone()[0])
        try:
            yield free
        finally:
            if free:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [lock])
