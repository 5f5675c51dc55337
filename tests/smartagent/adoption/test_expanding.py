"""What is said of a migration is what happens to the version before: each is made, and that version goes on."""

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, migrations, models, transaction
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.db.migrations.state import ModelState, ProjectState

from smartagent.adoption.expanding import NO_DEFAULT, REFUSES, REMOVES, UNKNOWN, breaches
from smartagent.doctor.migrations import OUR_APPS
from smartagent.management.commands.check_upgrade import NEW, NOTHING, ROLLING, STOP

# What a first installation applies, whatever is in them. Each later one only adds, or is named in CONTRACTS with the
# version that no longer uses what it removes.
FIRST_VERSION = {
    "smartagent": ["0001_initial", "0002_people_of_the_old_application", "0003_row_level_security", "0004_storage"],
    "rules": ["0001_initial"], "notifications": ["0001_initial", "0002_delivery"], "optimizer": ["0001_initial"],
}  # fmt: skip
CONTRACTS: dict[tuple[str, str], str] = {}
OF_THE_VERSION_BEFORE = [
    "INSERT INTO things (name, size) VALUES ('of the old version', 7)", "UPDATE things SET name = 'x', size = size + 1",
    "SELECT id, name, size FROM things",
]  # fmt: skip
NAME = "0012_alter_user_first_name_max_length"  # of Django
TOLD = migrations.RunPython(migrations.RunPython.noop)
TOLD.expands = True


def things() -> ProjectState:
    fields = [("id", models.BigAutoField(primary_key=True)), ("name", models.CharField(max_length=40)),
              ("size", models.IntegerField(null=True))]  # fmt: skip
    state = ProjectState()
    state.add_model(ModelState("rules", "Thing", fields, {"db_table": "things"}))
    return state


def added(**options):
    return migrations.AddField("thing", "more", models.TextField(**options))


def altered(name, field):
    return migrations.AlterField("thing", name, field)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("operation", "why"),
    [
        (added(null=True), ""),
        (added(db_default="x"), ""),
        (added(default="x"), NO_DEFAULT),
        (added(db_default="x", unique=True), NO_DEFAULT),
        (migrations.RemoveField("thing", "size"), REMOVES),
        (migrations.RenameField("thing", "name", "title"), REMOVES),
        (migrations.AlterModelTable("thing", "stuff"), REMOVES),
        (migrations.DeleteModel("Thing"), REMOVES),
        (altered("name", models.CharField(max_length=80, null=True, help_text="Longer.")), ""),
        (altered("name", models.CharField(max_length=3)), REFUSES),
        (altered("name", models.CharField(max_length=40, unique=True)), REFUSES),
        (altered("size", models.IntegerField(choices=[(7, "seven")], null=True)), ""),
        (migrations.CreateModel("Other", [("id", models.BigAutoField(primary_key=True))]), ""),
        (migrations.AddIndex("thing", models.Index(fields=["name"], name="things_name")), ""),
        (
            migrations.AddConstraint("thing", models.CheckConstraint(condition=models.Q(size__gt=9), name="big")),
            REFUSES,
        ),
    ],
    ids=lambda value: value.describe() if hasattr(value, "describe") else "",
)
def test_the_version_before_works_where_it_is_said_to(operation, why):
    migration = migrations.Migration("9999_next", "rules")
    migration.operations = [operation]
    state = things()
    with connection.schema_editor() as editor:
        editor.create_model(state.apps.get_model("rules", "Thing"))
    found = breaches(migration, state.clone())
    assert [each.partition(": ")[2] for each in found] == ([f"{why}."] if why else [])
    with connection.schema_editor() as editor:
        migration.apply(state, editor)
    works = True
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            for statement in OF_THE_VERSION_BEFORE * 2:
                cursor.execute(statement)
    except DatabaseError:
        works = False
    assert works == (not why)


def test_what_nobody_can_tell_is_said_unless_its_author_tells():
    migration = migrations.Migration("9999_next", "rules")
    migration.operations = [TOLD, migrations.RunSQL("DROP TABLE things")]
    assert breaches(migration, things()) == [f"Raw SQL operation: {UNKNOWN}."]


def test_each_migration_after_the_first_version_only_adds_or_is_named():
    loader = MigrationLoader(None)
    later = [key for key in loader.disk_migrations if key[0] in OUR_APPS and key[1] not in FIRST_VERSION[key[0]]]
    for key in later:
        found = breaches(loader.disk_migrations[key], loader.project_state(key, at_end=False))
        assert not found or key in CONTRACTS, f"{key} stops the version before: {found}"


@pytest.mark.django_db
def test_an_operator_is_told_before_the_upgrade(capsys):
    call_command("check_upgrade")
    assert capsys.readouterr().out.strip() == NOTHING
    recorder = MigrationRecorder(connection)
    recorder.record_unapplied("auth", NAME)
    call_command("check_upgrade")
    assert capsys.readouterr().out.splitlines() == [f"auth.{NAME}: only adds", ROLLING]
    recorder.record_unapplied("smartagent", "0004_storage")
    with pytest.raises(SystemExit, match="1"):
        call_command("check_upgrade")
    said = capsys.readouterr().out
    assert "smartagent.0004_storage: stops the version before\n  " in said
    assert said.strip().endswith(STOP)
    recorder.migration_qs.all().delete()
    call_command("check_upgrade")
    assert capsys.readouterr().out.strip() == NEW
