"""Django's `migrate`, which looks first whether it can come to its end."""

from typing import Any

from django.core.management.base import CommandError
from django.core.management.commands import migrate
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor

from smartagent.adoption.preview.obstacles import Obstacle, find_obstacles


class Command(migrate.Command):
    help = f"{migrate.Command.help} Refuses to begin where something is in the way, and names it."

    def handle(self, *args: Any, **options: Any) -> None:
        if not (options["plan"] or options["check_unapplied"] or options["prune"]):
            refuse_obstacles(connections[options["database"]], options)
        super().handle(*args, **options)


def refuse_obstacles(connection: BaseDatabaseWrapper, options: dict[str, Any]) -> None:
    """Raise before the first change where the last one could not be made."""
    obstacles = find_obstacles(connection)
    if not obstacles or not (any(each.blinding for each in obstacles) or _changes_something(connection, options)):
        return
    raise CommandError(in_words(obstacles), returncode=2)


def in_words(obstacles: list[Obstacle]) -> str:
    """One line each, the same as `adopt --check` has."""
    return "\n".join([*(f"PROBLEM: {each}" for each in obstacles), "Nothing was changed."])


def _changes_something(connection: BaseDatabaseWrapper, options: dict[str, Any]) -> bool:
    """Whether there is a migration to apply, or one to take back."""
    executor = MigrationExecutor(connection)
    return bool(options["app_label"]) or bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
