"""`manage.py doctor` for people and for programs, in every state that a database can be in."""

import os
import subprocess
import sys

from django.conf import settings

from smartagent.setup.schedules import wanted
from tests.smartagent.adoption.conftest import Takeover
from tests.smartagent.doctor.conftest import Sql, doctor


def test_an_installation_that_fits(sql: Sql) -> None:
    code, found = doctor(format="json")
    assert (code, found["ok"], found["findings"]) == (0, True, [])
    assert set(found) == {"ok", "findings", "tables"}
    notifications = next(table for table in found["tables"] if table["table"] == "notifications")
    assert notifications == {"table": "notifications", "state": "ours", "rows": 0, "unrepresentable": 0}
    assert {table["state"] for table in found["tables"]} == {"ours"}
    code, text = doctor()
    assert (code, text.strip().splitlines()[-1]) == (0, "All checks passed.")


def test_what_is_missing_is_told_and_repaired(sql: Sql) -> None:
    sql("ALTER TABLE notifications DROP COLUMN severity; DROP INDEX dispatch_runs_newest")
    code, found = doctor(format="json")
    assert (code, found["ok"]) == (1, False)
    states = {table["table"]: table["state"] for table in found["tables"]}
    assert (states["notifications"], states["dispatch_runs"], states["rule_states"]) == ("drifted", "drifted", "ours")
    finding = next(each for each in found["findings"] if each["problem"] == "The column severity is missing.")
    assert set(finding) == {"severity", "subject", "problem", "fix"}
    assert (finding["severity"], finding["subject"]) == ("error", "notifications")
    assert "`manage.py doctor --fix`" in finding["fix"]
    code, text = doctor(fix=True)
    assert code == 0
    assert "  notifications: column severity added" in text
    assert "  dispatch_runs: index dispatch_runs_newest added" in text
    assert text.strip().endswith("All checks passed.")
    assert "Nothing to repair." in doctor(fix=True)[1]


def test_json_stays_json_when_something_is_repaired(sql: Sql) -> None:
    sql("ALTER TABLE rule_states DROP COLUMN reason")
    code, found = doctor(format="json", fix=True)
    assert (code, found["ok"], found["findings"]) == (0, True, [])


def test_missing_tables_are_made_again_with_what_belongs_in_them(sql: Sql) -> None:
    sql("DROP TABLE rule_states, django_q_schedule, auth_group, smartagent_users_groups CASCADE")
    code, text = doctor()
    assert code == 1
    assert text.count("The table is missing.") == 4
    code, text = doctor(fix=True)
    assert code == 0, text
    assert "rule_states: table created" in text
    assert {name for (name,) in sql("SELECT name FROM auth_group")} >= {"members", "auditors"}
    assert len(sql("SELECT 1 FROM django_q_schedule")) == len(wanted())


def test_before_any_migrate(takeover: Takeover) -> None:
    code, found = doctor(format="json")
    assert code == 1
    assert {table["state"] for table in found["tables"]} == {"missing"}
    [finding] = found["findings"]
    assert finding["subject"] == "migrations"
    assert "manage.py migrate" in finding["fix"]
    assert doctor(fix=True)[0] == 1
    assert takeover.sql("SELECT to_regclass('notifications')") == [(None,)]


def test_a_database_of_a_newer_version(sql: Sql) -> None:
    sql("INSERT INTO django_migrations (app, name, applied) VALUES ('rules', '0099_later', now())")
    code, text = doctor()
    assert code == 1
    assert "rules.0099_later is applied, and not known to this version" in text


def test_a_database_that_is_down_is_one_line() -> None:
    environment = os.environ | {"DATABASE_URL": "postgres://a:secret@127.0.0.1:1/x"}
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "doctor"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert len(done.stderr.strip().splitlines()) == 1
    assert "PostgreSQL at 127.0.0.1:1 does not answer" in done.stderr
    assert "secret" not in done.stderr
