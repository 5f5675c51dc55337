"""Where one of many makes a statement fail for all: the set is halved until the culprits are known; the rest goes on.

The usual path never comes here. A culprit costs two statements for each halving, and all of them together no more than
a span of time: what is then left is neither done nor blamed.
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
SECONDS_AGAIN = 5.0  # for those that were culprits at the evaluation before
NOT_EVALUATED = "This rule could not be evaluated: "
NOBODYS = (OperationalError, InterfaceError)  # the server's own troubles, not those of a row


@dataclass(slots=True)
class Isolated(Generic[Key]):
    """The culprits with their causes, and those for which there was no time."""

    culprits: dict[Key, str] = field(default_factory=dict)
    left: list[Key] = field(default_factory=list)

    def update(self, other: "Isolated[Key]") -> None:
        self.culprits.update(other.culprits)
        self.left += other.left


@dataclass(slots=True)
class TimeBudget:
    """The seconds that several searches for culprits have together."""

    seconds: float = MAX_ISOLATION_SECONDS

    def isolate(self, keys: Sequence[Key], attempt: Callable[[Sequence[Key]], None]) -> Isolated[Key]:
        """Isolate among `keys`, in the time that is left."""
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
    """The rows, without those that hold what Python has no value for, such as a time of infinity: their ids and causes
    are added to `unread`."""
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
    """What went wrong, in one line."""
    lines = str(error).replace("\0", "").strip().splitlines()
    return lines[0][:500] if lines else type(error).__name__
