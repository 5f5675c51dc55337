"""`manage.py adopt --check` says what `migrate` then does, and changes nothing."""

import io
import json
import logging
import re
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from smartagent.adoption.preview import sizes
from smartagent.adoption.preview.dry_run import rehearse
from smartagent.management.commands import adopt
from tests.legacy.database import Database
from tests.legacy.test_takeover import MIXTURES, built
from tests.smartagent.adoption.conftest import Takeover
from tests.smartagent.adoption.shapes import INSERT_A, NOTIFICATIONS_A


def check(**options: Any) -> tuple[int, str]:
    out = io.StringIO()
    try:
        call_command("adopt", check=True, stdout=out, **options)
    except SystemExit as stop:
        return int(str(stop.code)), out.getvalue()
    return 0, out.getvalue()


def tables() -> dict[str, dict[str, Any]]:
    return {table["table"]: table for table in json.loads(check(format="json")[1])["tables"]}


def planned() -> set[str]:
    """What is said of tables that are there, but for how many rows."""
    subjects = rehearse(connection).subjects.values()
    return {f"{each.name}: {without_rows(act.does)}" for each in subjects if not each.created for act in each.acts}


def without_rows(line: str) -> str:
    return re.split(" (?:filled in|copied|counted),", line)[0]


@pytest.mark.parametrize("name", ["the newer scripts", "by hand"])
def test_it_says_what_migrate_then_does_and_changes_nothing(
    takeover: Takeover, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    database = built(takeover, MIXTURES[name])
    catalog, rows = database.catalog(), database.rows()
    expected = planned()
    assert (database.catalog(), database.rows()) == (catalog, rows)
    with caplog.at_level(logging.INFO, "smartagent.adoption"):
        database.takeover.forwards()
    assert done(database, caplog) == expected


def done(database: Database, caplog: pytest.LogCaptureFixture) -> set[str]:
    """What `migrate` said that it did to tables of theirs."""
    lines = {each.getMessage() for each in caplog.records if each.name == "smartagent.adoption"}
    theirs = tuple(f"{name}: " for name in (*database.columns, "auth.users", "functions"))
    return {without_rows(line) for line in lines if line.startswith(theirs) and is_done(line)}


def is_done(line: str) -> bool:
    """Not how far it is, which a slow machine says, and not what needs somebody."""
    return not line.endswith(" %") and "cannot sign in" not in line


def test_each_table_has_its_rows_its_time_and_its_strongest_lock(takeover: Takeover) -> None:
    takeover.sql(f"{NOTIFICATIONS_A} {INSERT_A}")
    found = tables()
    notifications = found["notifications"]
    assert (notifications["would"], notifications["rows"], notifications["rows_exact"]) == ("change", 1, True)
    assert notifications["lock"] == "ACCESS EXCLUSIVE"
    assert notifications["seconds"] > 0
    locks = {each["change"]: each["lock"] for each in notifications["changes"]}
    assert locks["index notifications_inbox added"] == "SHARE UPDATE EXCLUSIVE"
    assert locks["status of old rows filled in, 1 row"] == "ROW EXCLUSIVE"
    assert (found["automation_rules"]["would"], found["automation_rules"]["rows"]) == ("create", None)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "a second"), (1.4, "a second"), (1.6, "2 seconds"), (119, "119 seconds"), (120, "2 minutes")],
)
def test_one_is_no_plural(seconds: float, words: str) -> None:
    assert adopt._time(seconds) == words


def test_the_rows_of_a_large_table_are_estimated(takeover: Takeover, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sizes, "QUICK", 0)
    takeover.sql(f"""{NOTIFICATIONS_A}
        INSERT INTO notifications (type, title, message) SELECT 'info', 'x', 'x' FROM generate_series(1, 1000);
        ANALYZE notifications""")
    found = tables()["notifications"]
    assert (found["rows"], found["rows_exact"]) == (1000, False)


def test_without_tables_of_theirs_all_is_new(takeover: Takeover) -> None:
    found = tables()
    assert [name for name, table in found.items() if table["would"] != "create"] == ["functions", "auth.users"]
    assert "auth_user" not in found, "our people have a table of their own"


def test_where_all_is_done_there_is_nothing_to_do(takeover: Takeover) -> None:
    takeover.sql(NOTIFICATIONS_A)
    takeover.forwards()
    code, text = check()
    assert (code, text.partition(":")[0]) == (0, "Nothing to do")
    assert json.loads(check(format="json")[1])["tables"] == []


def test_what_an_ended_run_has_done_is_not_done_again(takeover: Takeover) -> None:
    takeover.sql(NOTIFICATIONS_A)
    takeover.forwards()
    takeover.sql("DELETE FROM django_migrations WHERE app = 'notifications'")
    assert tables()["notifications"]["would"] == "leave"


def test_what_makes_migrate_fail_is_said(takeover: Takeover) -> None:
    takeover.sql("CREATE TABLE auth_group (id integer); CREATE VIEW rule_states AS SELECT 1")
    code, text = check()
    assert code == 1
    assert "PROBLEM: auth_group: exists, but was not created by a migration" in text
    assert "PROBLEM: rule_states: A view or another object has the name of a required table" in text


def test_it_takes_over_nothing_itself() -> None:
    with pytest.raises(CommandError, match="migrate` takes a database over") as caught:
        call_command("adopt")
    assert caught.value.returncode == 2
