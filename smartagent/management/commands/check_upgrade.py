"""Whether an upgrade can be a rolling one: what the migrations that wait mean for processes of the version before."""

from typing import Any

from django.core.management.base import BaseCommand
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from smartagent.adoption.expanding import breaches

NOTHING = "No migration waits: replace the code and restart, one machine after the other."
NEW = "The database is new: no version runs on it yet."
ROLLING = (
    "They only add: run `manage.py migrate` while the version before runs, then restart one machine after the other."
)
STOP = "Stop all processes of the version before, then run `manage.py migrate` and start the new ones."


class Command(BaseCommand):
    help = (
        "Says whether processes of the version before can go on while the migrations of this one are applied. "
        "Exit code 1: they cannot. Changes nothing."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        loader = MigrationExecutor(connection).loader
        applied = [key for key in loader.applied_migrations if key in loader.graph.nodes]
        waiting = MigrationExecutor(connection).migration_plan(loader.graph.leaf_nodes())
        if not waiting or not applied:
            self.stdout.write(NEW if waiting else NOTHING)
            return
        state, found = loader.project_state(applied), 0
        for migration, _ in waiting:
            problems = breaches(migration, state)
            found += len(problems)
            self.stdout.write(f"{migration}: {'stops the version before' if problems else 'only adds'}")
            self.stdout.writelines(f"  {problem}" for problem in problems)
        self.stdout.write(STOP if found else ROLLING)
        if found:
            raise SystemExit(1)
