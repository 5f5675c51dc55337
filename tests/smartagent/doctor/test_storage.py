"""Storage settings of tables whose rows change often: missing ones are found and mended, an administrator's stay."""

from typing import Any

from django.db import connection
from django.db.migrations.state import ProjectState

from smartagent.adoption.sync.storage import TuneStorage
from smartagent.doctor.migrations import Migrated
from smartagent.doctor.triggers import check_step

OPTIONS = "SELECT reloptions FROM pg_class WHERE oid = 'rule_states'::regclass"


def options(cursor: Any) -> set[str]:
    cursor.execute(OPTIONS)
    return set(cursor.fetchone()[0])


def test_lost_settings_are_found_and_made_anew(db: None) -> None:
    with connection.cursor() as cursor:
        assert "fillfactor=80" in options(cursor)
        cursor.execute("ALTER TABLE rule_states SET (fillfactor=60)")
        assert list(check_step(connection, Migrated(connection))) == []
        cursor.execute("ALTER TABLE rule_states RESET (fillfactor)")
        [finding] = check_step(connection, Migrated(connection))
        assert (finding.subject, finding.repairable) == ("rule_states", True)
        assert "fillfactor=80" in finding.problem
        with connection.schema_editor(atomic=False) as editor:
            operation, state = TuneStorage("rule_states", fillfactor=80), ProjectState()
            operation.database_forwards("smartagent", editor, state, state)
        assert "fillfactor=80" in options(cursor)
