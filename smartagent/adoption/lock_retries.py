"""Locks that are asked for briefly, again and again, so that nobody waits long behind us.

Whoever waits for a table lock makes everybody who comes later wait too. So no statement of ours waits longer
than LOCK_TIMEOUT; it gives up, lets the others pass, and tries again. That is also shorter than PostgreSQL's
deadlock_timeout (1 s): of two that wait for each other, it is always us who give way.
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
    """Do `work` in a transaction of its own, once the locks that it needs are free; NeverFree after half an hour.

    `what` says in a few words what is done, for the person who watches. `table` is one that gets a strong lock: one
    that lets others write is asked for first, to which an autovacuum gives way (after a second, deadlock_timeout).
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
    """Whether others held what we wanted."""
    return isinstance(error.__cause__, errors.LockNotAvailable | errors.DeadlockDetected)


def pauses() -> Iterator[float]:
    """Return how long to wait after each attempt, until patience ends."""
    pause, left = FIRST_PAUSE, MAX_WAIT.total_seconds()
    while left > 0:
        yield pause
        left -= pause
        pause = min(pause * 1.5, LONGEST_PAUSE)
