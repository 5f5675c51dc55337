"""Isolation of failing rows: where one row makes a statement fail for all, the set is halved until the failing rows are
known; the others succeed.

Only used after a failure. A failing row costs two statements for each halving, within a time budget; what is left then
is neither done nor marked as failed.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import structlog
from django.db import DatabaseError, InterfaceError, OperationalError, transaction
from django.db.models import Model, QuerySet

Key = TypeVar("Key")
Row = TypeVar("Row", bound=Model)

log = structlog.get_logger(__name__)
MAX_ISOLATION_SECONDS = 60.0
SECONDS_AGAIN = 5.0  # seconds for those that failed at the previous evaluation
NOT_EVALUATED = "This rule could not be evaluated: "
NOBODYS = (OperationalError, InterfaceError)  # errors of the server, not of a row


@dataclass(slots=True)
class Isolated(Generic[Key]):
    """The failing keys with their errors, and those that were left for lack of time."""

    culprits: dict[Key, str] = field(default_factory=dict)
    left: list[Key] = field(default_factory=list)

    def update(self, other: "Isolated[Key]") -> None:
        self.culprits.update(other.culprits)
        self.left += other.left


@dataclass(slots=True)
class TimeBudget:
    """A time budget, in seconds, shared by several isolations."""

    seconds: float = MAX_ISOLATION_SECONDS

    def isolate(self, keys: Sequence[Key], attempt: Callable[[Sequence[Key]], None]) -> Isolated[Key]:
        """Isolate failing keys, within the remaining time."""
        started = time.monotonic()
        found = isolate(keys, attempt, max(self.seconds, 0))
        self.seconds -= time.monotonic() - started
        return found


def isolate(
    keys: Sequence[Key], attempt: Callable[[Sequence[Key]], None], seconds: float = MAX_ISOLATION_SECONDS
) -> Isolated[Key]:
    """Attempt all `keys`, each exactly once with success, in ever smaller sets where one raises.

    Each attempt is a transaction, or a savepoint within one. Raises what is the server's trouble and no key's.
    """
    found, waiting, until = Isolated[Key](), [list(keys)] if keys else [], time.monotonic() + seconds
    while waiting:
        some = waiting.pop()
        if time.monotonic() > until:
            found.left += some
            continue
        try:
            with transaction.atomic():
                attempt(some)
        except NOBODYS:
            raise
        except (DatabaseError, ValueError, OverflowError) as error:
            if len(some) == 1:
                found.culprits[some[0]] = first_line(error)
                log.warning("isolated", key=str(some[0]), cause=first_line(error))
            else:
                half = len(some) // 2
                waiting += [some[half:], some[:half]]
    return found


def readable(rows: QuerySet[Row], unread: list[str] | None = None) -> list[Row]:
    """The rows without those that hold values that Python cannot represent, such as an infinite time: their ids and
    errors are added to `unread`."""
    try:
        return list(rows)  # what fails here fails in Python, and no transaction with it
    except NOBODYS:
        raise
    except (DatabaseError, ValueError, OverflowError):
        found: list[Row] = []
        keys = list(rows.values_list("pk", flat=True))
        isolated = isolate(keys, lambda some: found.extend(list(rows.filter(pk__in=some))))
        if unread is not None:
            unread += [f"{key}: {cause}" for key, cause in isolated.culprits.items()]
        return found


def first_line(error: BaseException) -> str:
    """The first line of an error."""
    lines = str(error).replace("\0", "").strip().splitlines()
    return lines[0][:500] if lines else type(error).__name__
