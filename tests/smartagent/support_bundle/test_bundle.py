"""The bundle has what is needed to find an error, and nothing that opens anything."""

import json
import os
import subprocess
import sys
import zipfile

import pytest
from django.core.management import CommandError, call_command

from smartagent.support_bundle import database_state as state
from tests.rules.rule_cast import rule_of, run_at

SECRETS = ("hidden-key", "hidden-password", "bob@example.com", "sa_0123456789abcdef", "/services/T0/B0")


@pytest.mark.django_db
def test_what_is_in_it(tmp_path, now, alice, settings, capsys):
    settings.SECRET_KEY, settings.EMAIL_HOST_PASSWORD = "hidden-key" * 6, "hidden-password"
    settings.SITE_URL = "https://agent.example.com"
    rule_of(alice)
    run_at(now, error_message="bob@example.com: https://hooks.example.com/services/T0/B0 answered 500")
    log = tmp_path / "agent.log"
    log.write_text("level=error event=boom token=sa_0123456789abcdef\nAuthorization: Bearer sa_0123456789abcdef\n")
    path = tmp_path / "bundle.zip"
    call_command("support_bundle", str(path), log=str(log))
    with zipfile.ZipFile(path) as bundle:
        texts = {name: bundle.read(name).decode() for name in bundle.namelist()}
    names = "README.txt, doctor.json, versions.json, settings.json, database.json, plans.txt, log.txt"
    assert ", ".join(texts) == names
    assert names in capsys.readouterr().out
    said = "\n".join(texts.values())
    assert not [word for word in SECRETS if word in said]
    assert "findings" in json.loads(texts["doctor.json"])
    assert json.loads(texts["versions.json"])["packages"]["Django"]
    shown = json.loads(texts["settings.json"])
    assert (shown["SECRET_KEY"], shown["DEBUG"], shown["SITE_URL"]) == ("set", False, "set")
    database = json.loads(texts["database.json"])
    assert not [name for name, rows in database.items() if isinstance(rows, str)], database
    assert database["runs"][0]["error_message"] == "…: https://hooks.example.com/… answered 500"
    assert texts["plans.txt"].count("Execution Time") == len(state.PLANS)
    assert "event=boom token=…" in texts["log.txt"]


@pytest.mark.django_db
def test_a_part_that_fails_says_why(tmp_path, monkeypatch):
    monkeypatch.setitem(state.STATE, "schedules", "SELECT nothing FROM nowhere")
    path = tmp_path / "bundle.zip"
    call_command("support_bundle", str(path))
    with zipfile.ZipFile(path) as bundle:
        database = json.loads(bundle.read("database.json"))
    assert database["schedules"].startswith('not known: relation "nowhere" does not exist')
    assert isinstance(database["tables"], list)
    with pytest.raises(CommandError, match="exists; name another file"):
        call_command("support_bundle", str(path))
    with pytest.raises(CommandError, match=r"nowhere\.log: No such file"):
        call_command("support_bundle", str(tmp_path / "other.zip"), log=str(tmp_path / "nowhere.log"))
    assert not (tmp_path / "other.zip").exists()


def test_without_a_database(tmp_path):
    path = tmp_path / "bundle.zip"
    done = subprocess.run(
        [sys.executable, "manage.py", "support-bundle", str(path)], capture_output=True, text=True, check=False,
        env=os.environ | {"DATABASE_URL": "postgres://nobody@127.0.0.1:9/nothing"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(path) as bundle:
        assert "not known" in bundle.read("database.json").decode()
    assert path.stat().st_mode & 0o077 == 0
