"""A streaming replica of the database, from which pages that only show something may be read.

Each process asks it at most once a second how far it is: which position of the primary's log it has replayed, and of
when the newest commit in it is. Where it does not answer, is no standby or is further behind than
REPLICA_MAX_LAG_SECONDS, everything is read from the primary.
"""

import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, Error, connections

ALIAS = "replica"  # of its pool
LOOK_EVERY = 1.0  # seconds
LOOK_TIMEOUT = 2  # seconds to connect; statements have as long
MAX_POSITIONS = 600
PRIMARY_SQL = "SELECT pg_current_wal_lsn() - '0/0'::pg_lsn, extract(epoch FROM clock_timestamp())"
REPLICA_SQL = """
SELECT pg_is_in_recovery(), pg_last_wal_replay_lsn() - '0/0'::pg_lsn,
       extract(epoch FROM pg_last_xact_replay_timestamp())"""


@dataclass(frozen=True, slots=True)
class ReplicaState:
    """How the replica was at the last look: how many seconds it is behind, or why nothing is read from it."""

    lag: float | None
    problem: str = ""

    @property
    def usable(self) -> bool:
        """Whether pages are read from it."""
        return self.lag is not None and not self.problem


class _Looks:
    """What this process knows of the replica."""

    lock = threading.Lock()
    state = ReplicaState(None, "It has not been asked yet.")
    until = 0.0
    positions: deque[tuple[float, float]] = deque(maxlen=MAX_POSITIONS)  # of the primary, with their times


def is_configured() -> bool:
    """Whether this program may read from a replica."""
    return bool(connections[DEFAULT_DB_ALIAS].settings_dict.get("REPLICA"))


def replica_state() -> ReplicaState:
    """How the replica is. One thread looks, the others take what the last look found."""
    if time.monotonic() >= _Looks.until and _Looks.lock.acquire(blocking=False):
        try:
            _Looks.state = _look()
            _Looks.until = time.monotonic() + LOOK_EVERY
        finally:
            _Looks.lock.release()
    return _Looks.state


def look_again() -> None:
    """Let the next who asks look: something failed."""
    _Looks.until = 0.0


def forget() -> None:
    """Begin as a new process does."""
    look_again()
    _Looks.positions.clear()


def _look() -> ReplicaState:
    try:
        with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
            cursor.execute(PRIMARY_SQL)
            primary, clock = map(float, cursor.fetchone())
    except Error:
        return ReplicaState(None, "The primary does not answer.")
    now = time.monotonic()
    _Looks.positions.append((now, primary))
    try:
        with psycopg.connect(**_parameters(), connect_timeout=LOOK_TIMEOUT, autocommit=True) as session:
            session.execute(f"SET statement_timeout = '{LOOK_TIMEOUT}s'")
            standby, position, replayed_at = session.execute(REPLICA_SQL).fetchone() or (False, None, None)
    except psycopg.Error as error:
        return ReplicaState(None, f"It does not answer ({type(error).__name__}).")
    if not standby:
        return ReplicaState(None, "It is no standby: a database of its own would be read.")
    lag = _lag(now, float(position or 0), _Looks.positions)
    if replayed_at is not None:  # the newest commit that it has replayed, by the clock of the primary
        lag = max(min(lag, clock - float(replayed_at)), 0.0)
    if lag > settings.REPLICA_MAX_LAG_SECONDS:
        behind = f"{lag:.0f} s" if lag < float("inf") else "an unknown time"
        return ReplicaState(lag, f"It is {behind} behind, more than REPLICA_MAX_LAG_SECONDS allows.")
    return ReplicaState(lag)


def _lag(now: float, replayed: float, positions: Iterable[tuple[float, float]]) -> float:
    """The time since the primary was seen at a position that the replica has reached; infinite where it never was."""
    reached = [at for at, position in positions if position <= replayed]
    return now - max(reached) if reached else float("inf")


def _parameters() -> dict[str, Any]:
    known = replica_connection().get_connection_params()
    names = ("host", "port", "user", "password", "dbname", "sslmode", "sslrootcert", "sslcert", "sslkey")
    return {name: known[name] for name in names if name in known}


def replica_connection() -> Any:
    """A connection of Django to the replica, not yet open."""
    primary: Any = connections[DEFAULT_DB_ALIAS]
    there = primary.settings_dict["REPLICA"]
    return type(primary)({**primary.settings_dict, "DIRECT": None, "REPLICA": None, "EMBEDDED": None, **there}, ALIAS)


@contextmanager
def on_primary() -> Iterator[None]:
    """Let a write in a request that is answered from the replica go to the primary."""
    replica: Any = connections[DEFAULT_DB_ALIAS]
    primary = getattr(replica, "primary", None)
    if primary is None:
        yield
        return
    connections[DEFAULT_DB_ALIAS] = primary
    try:
        yield
    finally:
        connections[DEFAULT_DB_ALIAS] = replica


class ReplicaReads:
    """Lets the default connection of this thread lead to the replica, in the role of the request, for each `block`."""

    def __init__(self) -> None:
        self.connection = replica_connection()
        self.connection.primary = connections[DEFAULT_DB_ALIAS]
        self.connection.member = getattr(self.connection.primary, "member", None)

    @contextmanager
    def block(self) -> Iterator[None]:
        """Read from the replica; a write fails."""
        primary = connections[DEFAULT_DB_ALIAS]
        connections[DEFAULT_DB_ALIAS] = self.connection
        try:
            yield
        finally:
            connections[DEFAULT_DB_ALIAS] = primary

    def close(self) -> None:
        """Give the connection back."""
        self.connection.close()
