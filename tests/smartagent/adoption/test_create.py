"""Where nothing is there, and what makemigrations, sqlmigrate and migrate --plan make of the operation."""

import pytest
from django.core.management.commands.migrate import Command
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.graph import MigrationGraph
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations import AddField, CreateModel
from django.db.migrations.optimizer import MigrationOptimizer
from django.db.migrations.state import ModelState, ProjectState
from django.db.migrations.writer import OperationWriter
from django.db.models import TextField

from smartagent.adoption import CreateOrCompleteModel
from tests.smartagent.adoption.conftest import Legacy
from tests.smartagent.adoption.operations import operations
from tests.smartagent.adoption.shapes import NOTIFICATIONS_A


def test_an_empty_database_gets_what_create_model_makes(legacy: Legacy) -> None:
    legacy.forwards()
    ours = legacy.dump()
    legacy.backwards()
    for operation in legacy.migration.operations:
        operation.__class__ = CreateModel
    legacy.forwards()
    plain = legacy.dump()
    assert ours["columns"] == plain["columns"]
    assert ours["indexes"] == plain["indexes"]
    assert [row[:2] for row in ours["constraints"]] == [row[:2] for row in plain["constraints"]]


def test_a_completed_table_has_our_columns_as_an_empty_database_has_them(legacy: Legacy) -> None:
    query = """SELECT column_name, data_type, is_nullable, column_default FROM information_schema.columns
               WHERE table_schema = 'legacy' AND table_name = 'notifications'"""
    legacy.forwards()
    fresh = set(legacy.sql(query))
    legacy.backwards()
    legacy.sql(NOTIFICATIONS_A)
    legacy.forwards()
    theirs = {"is_read", "action_url", "created_at", "id"}
    assert {row for row in fresh if row[0] not in theirs} == {row for row in legacy.sql(query) if row[0] not in theirs}


def test_sqlmigrate_shows_the_sql_for_the_database_as_it_is(legacy: Legacy) -> None:
    legacy.sql(NOTIFICATIONS_A)
    before = legacy.dump()
    shown = legacy.sql_of()
    assert legacy.dump() == before
    assert 'CREATE TABLE "automation_rules"' in shown
    assert 'CREATE TABLE "notifications"' not in shown
    assert '-- column status added\nALTER TABLE "notifications" ADD COLUMN "status" text' in shown


def test_the_sql_shown_can_be_run(legacy: Legacy) -> None:
    legacy.sql(NOTIFICATIONS_A)
    found = legacy.dump()
    legacy.sql(legacy.sql_of())
    shown = legacy.dump()
    legacy.sql(legacy.sql_of(backwards=True))
    assert legacy.dump() == found
    legacy.forwards()
    assert legacy.dump()["constraints"] == shown["constraints"]


def test_makemigrations_sees_the_model() -> None:
    ours, theirs = ProjectState(), ProjectState()
    for operation in operations():
        operation.state_forwards("adopted", ours)
        plain = CreateModel(operation.name, operation.fields, operation.options)
        plain.state_forwards("adopted", theirs)
    assert MigrationAutodetector(ours, theirs).changes(graph=MigrationGraph()) == {}
    assert all(isinstance(state, ModelState) for state in ours.models.values())


def test_the_plan_names_the_table() -> None:
    operation = next(each for each in operations() if each.name == "Notification")
    assert Command.describe_operation(operation, False) == ("Create or complete table notifications", False)


def test_a_squashed_migration_keeps_the_operation() -> None:
    operation = operations()[0]
    field = AddField("Person", "note", TextField(null=True))
    squashed = MigrationOptimizer().optimize([operation, field], "adopted")
    assert squashed == [operation, field]
    written, imports = OperationWriter(next(each for each in operations() if each.widen)).serialize()
    assert "CreateOrCompleteModel(" in written
    assert "widen={" in written
    assert isinstance(operation, CreateOrCompleteModel)
    assert any("smartagent.adoption" in each for each in imports)


@pytest.mark.parametrize("copied", [False, True])
def test_models_know_each_other_as_if_each_had_been_made_anew(copied: bool) -> None:
    """Where a new model alone is made, and where its state shares models with the one that it was copied from."""
    loader = MigrationLoader(None)
    steps, anew = ProjectState(real_apps=loader.unmigrated_apps), ProjectState(real_apps=loader.unmigrated_apps)
    assert steps.apps  # made now, and kept up from now on
    for key in loader.graph._generate_plan(loader.graph.leaf_nodes(), at_end=True):
        for operation in loader.graph.nodes[key].operations:
            steps = steps.clone() if copied else steps
            operation.state_forwards(key[0], steps)
            operation.state_forwards(key[0], anew)
    assert related(steps) == related(anew)


def related(state: ProjectState) -> dict[str, list[str]]:
    """By model, who refers to it."""
    return {
        model._meta.label: sorted(
            f"{each.related_model._meta.label}.{each.name}"
            for each in model._meta.get_fields(include_hidden=True)
            if each.auto_created and not each.concrete
        )
        for model in state.apps.get_models()
    }
