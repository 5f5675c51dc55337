"""Whether this process can do its work now: what `/readyz` reports. Each check says what it found in one line."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import psycopg
from django.db import Error, connection

from rules.models import DispatchRun
from smartagent.doctor.delivery import overdue_deliveries
from smartagent.doctor.migrations import Migrated
from smartagent.doctor.scheduler import is_late, last_evaluation, overdue_tasks
from smartagent.doctor.schema_findings import about
from smartagent.kernel.member_role import as_owner
from smartagent.kernel.replica import is_configured, replica_state
from smartagent.monitoring.own_connection import open_connection
from smartagent.setup.task_broker import broker_problem

STATEMENT_TIMEOUT = 2_000  # milliseconds
MAX_NAMED_MIGRATIONS = 4


class NotReady(Exception):
    """Something does not work; the message says what, without names and addresses."""


class Degraded(Exception):
    """Something does not work, and something else does its work; the message says what."""


class State(StrEnum):
    """What a check found, by the words of the form."""

    PASS = "pass"  # noqa: S105 no password
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The result of one check."""

    name: str
    state: State
    output: str

    @property
    def passed(self) -> bool:
        """Whether the process can do its work."""
        return self.state != State.FAIL


def examine(now: datetime) -> list[CheckResult]:
    """Run all checks, of which those that need the database are left out where it does not answer."""
    database = _result("database", now)
    if not database.passed:
        unknown = "Unknown: the database does not answer."
        return [database, *(CheckResult(name, State.FAIL, unknown) for name in _after())]
    with as_owner():
        return [database, *(_result(name, now) for name in _after())]


def check_database(now: datetime) -> str:
    """A connection of its own, which waits for nobody: a pool in which all are in use is seen by the other checks."""
    try:
        with open_connection(STATEMENT_TIMEOUT) as opened:
            row = opened.execute("SELECT pg_is_in_recovery()").fetchone()
    except psycopg.Error as error:
        raise NotReady("PostgreSQL does not answer.") from error
    if row and row[0]:
        raise NotReady("PostgreSQL is a standby that accepts no writes.")
    return "PostgreSQL answers."


def check_migrations(now: datetime) -> str:
    """All migrations of this version are applied. Those of a newer one add to the database only, until the last process
    of this version has ended: in a rolling upgrade it is ready."""
    migrated = Migrated(connection)
    names = ", ".join(".".join(each) for each in (migrated.pending or migrated.unknown)[:MAX_NAMED_MIGRATIONS])
    if migrated.pending:
        raise NotReady(f"Not applied: {names}.")
    return f"Of a newer version: {names}." if migrated.unknown else "All migrations are applied."


def check_worker(now: datetime) -> str:
    """A worker takes due tasks."""
    if broker_problem():
        raise NotReady("Redis, where tasks are queued, does not answer.")
    if late := overdue_tasks(now):
        raise NotReady(f"Tasks have been due for {about(late)}: no worker is running.")
    return "No task is overdue."


def check_evaluation(now: datetime) -> str:
    """The last scheduled evaluation is not older than two intervals."""
    ended = last_evaluation()
    if ended is None:
        return "No scheduled evaluation yet."
    age = now - ended[0]
    if is_late(ended[0], now):
        raise NotReady(f"The last evaluation ended {about(age)} ago.")
    if ended[1] == DispatchRun.Outcome.FAILED:
        raise NotReady(f"The last evaluation, {about(age)} ago, failed.")
    return f"The last evaluation ended {about(age)} ago."


def check_delivery(now: datetime) -> str:
    """Due deliveries are sent."""
    count, since = overdue_deliveries(now)
    if since is not None:
        raise NotReady(f"Deliveries by working channels have been due for {about(now - since)} ({count:,} overdue).")
    return "No delivery is overdue."


def check_replica(now: datetime) -> str:
    """Pages are read from the replica; where it is away or far behind, from the primary, so that they still work."""
    state = replica_state()
    if not state.usable:
        raise Degraded(f"Pages are read from the primary. {state.problem}")
    return f"Pages are read from the replica, which is {state.lag or 0:.0f} s behind."


CHECKS: dict[str, Callable[[datetime], str]] = {
    "database": check_database, "migrations": check_migrations, "worker": check_worker,
    "evaluation": check_evaluation, "delivery": check_delivery, "replica": check_replica,
}  # fmt: skip


def _after() -> list[str]:
    """The checks that need the database; that of a replica where there is one."""
    return [name for name in CHECKS if name != "database" and (name != "replica" or is_configured())]


def _result(name: str, now: datetime) -> CheckResult:
    try:
        return CheckResult(name, State.PASS, CHECKS[name](now))
    except Degraded as found:
        return CheckResult(name, State.WARN, str(found))
    except NotReady as found:
        return CheckResult(name, State.FAIL, str(found))
    except Error as error:  # for example no free connection, or a table that is missing
        return CheckResult(name, State.FAIL, f"The check failed: {type(error).__name__}.")
