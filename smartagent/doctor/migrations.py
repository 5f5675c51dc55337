"""The applied migrations, and the operations in them that must stay in effect."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from django.apps import apps
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.operations.base import Operation

from smartagent.adoption.introspection import Widen
from smartagent.adoption.operations import CreateOrCompleteModel
from smartagent.adoption.sync.base import Synchronising
from smartagent.doctor.findings import Finding, error

OUR_APPS = ("smartagent", "rules", "notifications", "optimizer")
MAX_MIGRATIONS_NAMED = 4


@dataclass(frozen=True)
class Migrated:
    """The migrations of this database."""

    connection: BaseDatabaseWrapper

    @cached_property
    def executor(self) -> MigrationExecutor:
        return MigrationExecutor(self.connection)

    @cached_property
    def pending(self) -> list[tuple[str, str]]:
        """The migrations that `migrate` would apply: app and name."""
        plan = self.executor.migration_plan(self.executor.loader.graph.leaf_nodes())
        return [(migration.app_label, migration.name) for migration, _ in plan]

    @cached_property
    def unknown(self) -> list[tuple[str, str]]:
        """Applied migrations that this version does not have."""
        loader = self.executor.loader
        known = set(loader.disk_migrations) | {old for each in loader.disk_migrations.values() for old in each.replaces}
        return sorted(each for each in loader.applied_migrations if each[0] in OUR_APPS and each not in known)

    def is_done(self, app_label: str) -> bool:
        """Whether no migration of the app is pending."""
        return all(app != app_label for app, _ in self.pending)

    @cached_property
    def widened(self) -> dict[str, Widen]:
        """The values that CHECK constraints must allow, by table."""
        models = [
            (apps.get_model(app, each.name), each.widen)
            for app, each in self._operations()
            if isinstance(each, CreateOrCompleteModel) and each.widen
        ]
        return {model._meta.db_table: widen for model, widen in models}

    def synchronising(self) -> list[Synchronising]:
        """The operations that synchronize with the old application, of apps with applied migrations."""
        return [each for app, each in self._operations() if isinstance(each, Synchronising) and self.is_done(app)]

    def _operations(self) -> Iterator[tuple[str, Operation]]:
        loader = self.executor.loader
        ours = [key for key in loader.disk_migrations if key[0] in OUR_APPS]
        for key in sorted(ours, key=lambda key: (OUR_APPS.index(key[0]), key[1])):
            for operation in loader.disk_migrations[key].operations:
                yield key[0], operation


def check_migrations(migrated: Migrated) -> Iterator[Finding]:
    """Every migration must be applied, and none of a newer version."""
    if migrated.pending:
        fix = "`manage.py adopt --check` says what they would do, `manage.py migrate` does it."
        yield error("migrations", f"{_named(migrated.pending)} not applied.", fix)
    if migrated.unknown:
        problem = f"{_named(migrated.unknown)} applied, and not known to this version of Smart Agent."
        yield error("migrations", problem, "Run the version that was used last on this database, or a newer one.")


def _named(migrations: list[tuple[str, str]]) -> str:
    names = [".".join(each) for each in migrations]
    more = f" and {len(names) - MAX_MIGRATIONS_NAMED} more" if len(names) > MAX_MIGRATIONS_NAMED else ""
    return f"{', '.join(names[:MAX_MIGRATIONS_NAMED])}{more} {'is' if len(names) == 1 else 'are'}"
