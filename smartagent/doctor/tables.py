"""Checks of each table: what it lacks, how many rows it has, and how many cannot be shown."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import OperationalError, models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Count
from psycopg import errors

from smartagent.adoption.changes import AddColumn, DropUnfinished, LeaveAlone, SchemaChange
from smartagent.adoption.introspection import FoundTable, NotATable, find_table
from smartagent.adoption.plan import plan
from smartagent.adoption.preview.sizes import RowCount, count_rows
from smartagent.adoption.routines import RoutinePlace, find_place
from smartagent.adoption.table_grants import SHARED
from smartagent.doctor.findings import FIX, Finding, FindingState, TableReport, error, info, warning
from smartagent.doctor.migrations import Migrated
from smartagent.doctor.schema_findings import finding_of

Model = type[models.Model]

LONGEST_COUNT = "5s"
MAX_SAMPLED_ROWS = 100_000
BUILT_NOW = "SELECT 1 FROM pg_stat_progress_create_index WHERE relid = %s AND datname = current_database()"
INVALID = "SELECT i.indexrelid::regclass::text FROM pg_index i WHERE i.indrelid = %s AND NOT i.indisvalid"


@dataclass(frozen=True, kw_only=True)
class Examined:
    """A model's table and what it lacks; `expected` where applied migrations should have created it."""

    model: Model
    expected: bool
    place: RoutinePlace | None = None
    found: FoundTable | None = None
    changes: tuple[SchemaChange, ...] = ()
    in_the_way: bool = False
    being_built: bool = False

    @property
    def name(self) -> str:
        return self.model._meta.db_table

    @property
    def state(self) -> FindingState:
        if self.found is None:
            return FindingState.MISSING
        if self.due:
            return FindingState.DRIFTED
        theirs = self.model._meta.app_label in SHARED and not self.found.created
        return FindingState.ADOPTED if theirs else FindingState.OURS

    @property
    def due(self) -> list[SchemaChange]:
        """The changes that would add what it lacks."""
        return [each for each in self.changes if not isinstance(each, LeaveAlone)]


def examine_tables(connection: BaseDatabaseWrapper, migrated: Migrated) -> list[Examined]:
    """Examine the table of every model."""
    known = [each for each in apps.get_models(include_auto_created=True) if each._meta.managed and not each._meta.proxy]
    return [_examined(connection, model, migrated) for model in sorted(known, key=_order)]


def _order(model: Model) -> tuple[bool, str]:
    """Sort the tables: those shared with the old application first."""
    return model._meta.app_label not in SHARED, model._meta.db_table


def _examined(connection: BaseDatabaseWrapper, model: Model, migrated: Migrated) -> Examined:
    table, expected = model._meta.db_table, migrated.is_done(model._meta.app_label)
    try:
        found = find_table(connection, table, migrated.widened.get(table))
    except NotATable:
        return Examined(model=model, expected=expected, in_the_way=True)
    place = find_place(connection, table)
    if found is None or place is None:
        return Examined(model=model, expected=expected)
    changes = tuple(each for each in plan(model, found) if not _is_about_no_column(each))
    building = _some(connection, BUILT_NOW, place)
    return Examined(
        model=model, expected=expected, place=place, found=found, changes=changes, being_built=bool(building)
    )


def _is_about_no_column(change: SchemaChange) -> bool:
    """Whether the change is a many-to-many relation of Django, which has its own table."""
    return isinstance(change, LeaveAlone) and change.what.startswith("many-to-many")


def check_table(connection: BaseDatabaseWrapper, table: Examined) -> Iterator[Finding]:
    """The gaps of a table. Before its migrations are applied, these are reported instead."""
    if table.in_the_way:
        yield error(table.name, "A view or another object has the name of a required table.", "Rename it and migrate.")
    elif table.expected and table.found is None:
        fix = f"{FIX} The table is created empty; lost rows are only in a backup."
        yield error(table.name, "The table is missing.", fix, repairable=True)
    elif table.expected and table.being_built and table.due:
        yield warning(table.name, "An index is being built.", "Check again when the index is complete.")
    elif table.expected:
        yield from (finding_of(table.name, change) for change in table.changes)
    yield from _invalid_indexes(connection, table)


def _invalid_indexes(connection: BaseDatabaseWrapper, table: Examined) -> Iterator[Finding]:
    """Invalid indexes that other programs left behind."""
    if table.place is None or table.being_built:
        return
    known = {each.name for each in table.changes if isinstance(each, DropUnfinished)}
    for (name,) in _some(connection, INVALID, table.place):
        if name.rpartition(".")[2].strip('"') not in known:
            yield warning(table.name, f"The index {name} is invalid: writes maintain it, but queries cannot use it.",
                          f"REINDEX INDEX CONCURRENTLY {name}, or drop it.")  # fmt: skip


def report_tables(connection: BaseDatabaseWrapper, tables: Iterable[Examined]) -> list[TableReport]:
    """Count the rows of each table."""
    return [_report(connection, each) for each in tables]


def _report(connection: BaseDatabaseWrapper, table: Examined) -> TableReport:
    if table.place is None:
        return TableReport(table=table.name, state=table.state, rows=0, unrepresentable=0)
    rows = count_rows(connection, table.place)
    unrepresentable = _unrepresentable(connection, table, rows) if table.place.may_read else None
    return TableReport(
        table=table.name, state=table.state, rows=rows.count, unrepresentable=unrepresentable, exact=rows.exact
    )


def _unrepresentable(connection: BaseDatabaseWrapper, table: Examined, rows: RowCount) -> int | None:
    """Count the rows that the model cannot show; in a very large table, by a sample."""
    representable = getattr(table.model, "REPRESENTABLE", None)
    if representable is None or not rows.count:
        return 0
    if any(isinstance(each, AddColumn) for each in table.changes):
        return None
    all_rows = table.model._base_manager.all()
    try:
        with transaction.atomic(connection.alias), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = '{LONGEST_COUNT}'")
            # A condition that is null for a row (a value in it is null) excludes the row too.
            counts = all_rows.aggregate(every=Count("pk"), shown=Count("pk", filter=representable))
            cursor.execute("SET LOCAL statement_timeout = DEFAULT")
    except OperationalError as failure:
        if not isinstance(failure.__cause__, errors.QueryCanceled):
            raise
        return _estimated(connection, all_rows.filter(representable), rows.count)
    return int(counts["every"] - counts["shown"])


def _estimated(connection: BaseDatabaseWrapper, shown: "models.QuerySet[Any]", rows: int) -> int:
    """How many of `rows` are not `shown`, by a sample of the table's pages: PostgreSQL's own estimate is wrong by two
    thirds for a list of values that every row has."""
    query = shown.query
    where, params = query.get_compiler(connection=connection).compile(query.where)
    table = connection.ops.quote_name(shown.model._meta.db_table)
    percent = min(100 * MAX_SAMPLED_ROWS / rows, 100)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*), count(*) FILTER (WHERE {where}) FROM {table} TABLESAMPLE SYSTEM (%s) REPEATABLE (1)",
            [*params, percent],
        )
        sampled, found = cursor.fetchone()
    return round(rows * (sampled - found) / sampled) if sampled else 0


def check_unrepresentable(tables: Iterable[TableReport]) -> Iterator[Finding]:
    """Rows of another application, which are left unchanged."""
    for table in tables:
        if table.unrepresentable:
            rows = f"{table.unrepresentable:,} row{' is' if table.unrepresentable == 1 else 's are'}"
            what = "it" if table.unrepresentable == 1 else "them"
            problem = f"{rows} not shown here: another application wrote {what} in an unknown format."
            yield info(table.table, problem, "No action needed: these rows are not changed.")


def _some(connection: BaseDatabaseWrapper, query: str, place: RoutinePlace) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, [place.oid])
        return list(cursor.fetchall())
