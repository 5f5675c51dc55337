"""Runs all checks; works on an empty database too, and on one that lacks tables."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import partial

from django.db import ProgrammingError, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from smartagent.adoption.preview.obstacles import Obstacle, find_obstacles
from smartagent.doctor import (
    audit,
    backups,
    delivery,
    disk_space,
    installation,
    partitions,
    processes,
    scheduler,
    self_test,
    server,
    sign_in,
    tokens,
    triggers,
)
from smartagent.doctor.findings import DoctorReport, Finding, TableReport, error, report
from smartagent.doctor.migrations import Migrated, check_migrations
from smartagent.doctor.private_files import check_private_files
from smartagent.doctor.tables import Examined, check_table, check_unrepresentable, examine_tables, report_tables
from smartagent.kernel.own_session import own_session
from smartagent.kernel.schema_drift import is_about_schema
from smartagent.postgres.errors import Unavailable, line

Check = Callable[[], Iterable[Finding]]


@own_session()
def examine(connection: BaseDatabaseWrapper, now: datetime) -> DoctorReport:
    """Run all checks; return the report."""
    try:
        connection.ensure_connection()
    except Unavailable as failure:
        return report([unavailable(failure)])
    obstacles = find_obstacles(connection)
    migrated = Migrated(connection)
    tables = examine_tables(connection, migrated)
    if any(each.blinding for each in obstacles):
        return _seen_by_the_blind(connection, obstacles, tables)
    reports = report_tables(connection, tables)
    checks = [*_checks(connection, migrated, tables, obstacles, now), lambda: check_unrepresentable(reports)]
    return report([finding for check in checks for finding in _found(connection, check)], reports)


def _seen_by_the_blind(
    connection: BaseDatabaseWrapper, obstacles: list[Obstacle], tables: list[Examined]
) -> DoctorReport:
    """Row-level security hides rows, so anything else that is read would be wrong: nothing is counted."""
    checks: list[Check] = [
        partial(server.check_server, connection),
        partial(server.check_obstacles, obstacles, migrating=False),
    ]
    reports = [TableReport(table=each.name, state=each.state, rows=None, unrepresentable=None) for each in tables]
    return report([finding for check in checks for finding in _found(connection, check)], reports)


def unavailable(failure: Unavailable) -> Finding:
    """The finding that the database cannot be reached, with the problem and the fix from the error's message."""
    problem, _, fix = (line(failure) or str(failure)).rpartition(": ")
    return error("database", f"{problem or fix}.".replace("..", "."), f"{fix[:1].upper()}{fix[1:]}")


def _checks(
    connection: BaseDatabaseWrapper,
    migrated: Migrated,
    tables: list[Examined],
    obstacles: list[Obstacle],
    now: datetime,
) -> Iterator[Check]:
    yield partial(server.check_server, connection)
    yield partial(server.check_obstacles, obstacles, migrating=bool(migrated.pending))
    yield partial(server.check_pool, obstacles)
    yield server.check_replica
    yield partial(server.check_exposure, connection)
    yield partial(check_migrations, migrated)
    yield from (partial(check_table, connection, table) for table in tables)
    yield partial(triggers.check_step, connection, migrated)
    yield partial(partitions.check_partitions, connection, migrated, now)
    yield partial(triggers.check_people, connection)
    yield partial(triggers.check_sync, now)
    yield scheduler.check_schedules
    yield scheduler.check_broker
    yield partial(scheduler.check_lost_tasks, now)
    yield partial(scheduler.check_workers, now)
    yield partial(scheduler.check_evaluations_late, now)
    yield partial(scheduler.check_last_evaluation, now)
    yield partial(scheduler.check_heartbeat, now)
    yield partial(scheduler.check_failures, now)
    yield partial(processes.check_deaths, now)
    yield partial(audit.check_audit, now)
    yield partial(self_test.check_self_test, now)
    yield partial(delivery.check_dead_deliveries, now)
    yield delivery.check_channels
    yield partial(delivery.check_sending, now)
    yield partial(backups.check_backups, now)
    yield partial(disk_space.check_room, connection)
    yield installation.check_settings
    yield check_private_files
    yield installation.check_secrets
    yield partial(tokens.check_tokens, now)
    yield tokens.check_service_accounts
    yield sign_in.check_ways_to_sign_in


def _found(connection: BaseDatabaseWrapper, check: Check) -> list[Finding]:
    """Run a check. One that needs a missing table yields nothing: another check reports the table."""
    try:
        with transaction.atomic(connection.alias):
            return list(check())
    except ProgrammingError as failure:
        if not is_about_schema(failure):
            raise
        return []
