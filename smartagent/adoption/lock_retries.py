"""Table locks that are requested with a short timeout, and again after a pause, so that others hardly wait.

A pending request for a table lock blocks all later ones. So a migration waits at most LOCK_TIMEOUT for a lock; then it
rolls back, lets the others pass, and retries. LOCK_TIMEOUT is below PostgreSQL's deadlock_timeout (1 s): in a deadlock
it is always the migration that gives way.
"""

import logging
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import TypeVar

from django.db import OperationalError, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import errors

logger = logging.getLogger("smartagent.adoption")

LOCK_TIMEOUT = timedelta(milliseconds=200)
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 3.0
MAX_WAIT = timedelta(minutes=30)

Result = TypeVar("Result")


class NeverFree(OperationalError):
    """The table was never free: something holds a lock on it. End it, and run this again: it goes on from here."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what}: {self.__doc__}")


def patiently(
    connection: BaseDatabaseWrapper, what: str, work: Callable[[], Result], table: str | None = None
) -> Result:
    """Run `work` in its own transaction, retried until its locks are free; return its result, NeverFree after MAX_WAIT.

    `what` describes the work in the log and in the error. `table` gets a strong lock: a weaker one, which lets others
    write, is taken first without a timeout, since an autovacuum gives way to it only after deadlock_timeout.
    """
    for pause in pauses():
        try:
            with transaction.atomic(connection.alias):
                with connection.cursor() as cursor:
                    if table:
                        name = connection.ops.quote_name(table)
                        cursor.execute(f"LOCK TABLE {name} IN SHARE UPDATE EXCLUSIVE MODE")
                    cursor.execute(f"SET LOCAL lock_timeout = {LOCK_TIMEOUT // timedelta(milliseconds=1)}")
                return work()
        except OperationalError as error:
            if not is_busy(error):
                raise
        if pause >= LONGEST_PAUSE:
            logger.info("%s: others are busy with the table, trying again", what)
        time.sleep(pause)
    raise NeverFree(what)


def is_busy(error: OperationalError) -> bool:
    """Whether the error is a lock timeout or a deadlock."""
    return isinstance(error.__cause__, errors.LockNotAvailable | errors.DeadlockDetected)


def pauses() -> Iterator[float]:
    """Yield the pause after each attempt in seconds, MAX_WAIT in all."""
    pause, left = FIRST_PAUSE, MAX_WAIT.total_seconds()
    while left > 0:
        yield pause
        left -= pause
        pause = min(pause * 1.5, LONGEST_PAUSE)
