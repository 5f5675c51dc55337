"""A schema of one's own, as the old application left it."""

import io
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connection
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState, StateApps

from smartagent.adoption import CreateOrCompleteModel
from smartagent.adoption.sync.base import Synchronising
from smartagent.bench.scratch import connect_to
from smartagent.kernel import member_role
from tests.databases import of_tests
from tests.smartagent.adoption.operations import operations
from tests.smartagent.adoption.shapes import PEOPLE

DUMP = {
    "columns": """
        SELECT table_name, column_name, data_type, is_nullable, column_default, numeric_precision,
               col_description(to_regclass(table_name), ordinal_position)
        FROM information_schema.columns WHERE table_schema = 'legacy'
        ORDER BY table_name, ordinal_position""",
    "constraints": """
        SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), convalidated,
               obj_description(oid, 'pg_constraint')
        FROM pg_constraint WHERE connamespace = 'legacy'::regnamespace AND contype <> 'n' ORDER BY 1, 2""",
    "indexes": """
        SELECT indexdef, obj_description(to_regclass(indexname), 'pg_class')
        FROM pg_indexes WHERE schemaname = 'legacy' ORDER BY indexname""",
    "tables": """
        SELECT relname, relkind, relrowsecurity, obj_description(oid, 'pg_class')
        FROM pg_class WHERE relnamespace = 'legacy'::regnamespace ORDER BY relname""",
    "policies": "SELECT tablename, policyname, qual FROM pg_policies WHERE schemaname = 'legacy'",
}


def run(query: str) -> list[tuple[Any, ...]]:
    """Run it on the default connection; return its rows."""
    with connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall() if cursor.description else []


class Legacy:
    """The database, and our migration on it."""

    def __init__(self) -> None:
        self.migration = Migration("0001_initial", "adopted")
        self.migration.operations = operations()  # type: ignore[misc]
        self.state = self.migration.mutate_state(ProjectState())
        self.models: StateApps = self.state.apps

    def sql(self, query: str) -> list[tuple[Any, ...]]:
        return run(query)

    def dump(self) -> dict[str, list[tuple[Any, ...]]]:
        """All that is there, but for rows."""
        return {name: self.sql(query) for name, query in DUMP.items()}

    def forwards(self, *, atomic: bool = True) -> None:
        with connection.schema_editor(atomic=atomic) as editor:
            self.migration.apply(ProjectState(), editor)

    def backwards(self) -> None:
        with connection.schema_editor() as editor:
            self.migration.unapply(ProjectState(), editor)

    def sql_of(self, *, backwards: bool = False) -> str:
        """What `sqlmigrate` shows."""
        with connection.schema_editor(collect_sql=True) as editor:
            step = self.migration.unapply if backwards else self.migration.apply
            step(ProjectState(), editor, collect_sql=True)
        return "\n".join(editor.collected_sql)

    def operation(self, name: str) -> CreateOrCompleteModel:
        return next(each for each in self.migration.operations if getattr(each, "name", "") == name)  # type: ignore[return-value]

    def model(self, name: str) -> Any:
        return self.models.get_model("adopted", name)


@pytest.fixture
def legacy(transactional_db: None) -> Iterator[Legacy]:
    """A schema without a table in it, and the people of the old application beside it. It goes, and all with it."""
    connect_to(of_tests())  # anew: another test may have left temporary tables, as another role
    member_role.forget()
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE SCHEMA legacy; SET search_path TO legacy; {PEOPLE}")
        try:
            yield Legacy()
        finally:
            cursor.execute("DROP SCHEMA legacy, auth CASCADE; RESET search_path")
            member_role.forget()


class Takeover:
    """All our migrations, on the schema of the old application."""

    def __init__(self, legacy: Legacy) -> None:
        self.sql = legacy.sql
        self.dump = legacy.dump

    def forwards(self) -> None:
        call_command("migrate", verbosity=0)

    def backwards(self, *apps: str) -> None:
        """As `migrate APP zero` for one after the other, with one plan: states of migrations are made once."""
        MigrationExecutor(connection).migrate([(app, None) for app in apps])

    def backwards_by_command(self, *apps: str) -> None:
        """As the documentation says it."""
        for app in apps:
            call_command("migrate", app, "zero", verbosity=0)

    def shown(self, app: str) -> str:
        """What `sqlmigrate` shows of its first migration."""
        return call_command("sqlmigrate", app, "0001", stdout=io.StringIO())

    def lacks(self) -> list[str]:
        """What `doctor` would say that is not in step."""
        return [str(change) for step in self.steps() for change in step.lacks(connection)]

    def repair(self) -> None:
        """What `doctor --fix` would do about it."""
        with connection.schema_editor(atomic=False) as editor:
            for step in self.steps():
                step.forwards(editor)

    def steps(self) -> list[Synchronising]:
        loader = MigrationLoader(connection)
        operations = [operation for each in loader.disk_migrations.values() for operation in each.operations]
        return [each for each in operations if isinstance(each, Synchronising)]


@pytest.fixture
def takeover(legacy: Legacy) -> Iterator[Takeover]:
    """The schema of the old application, to be taken over by the whole of ours."""
    ContentType.objects.clear_cache()
    yield Takeover(legacy)
    ContentType.objects.clear_cache()
