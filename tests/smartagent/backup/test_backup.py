"""Backup and restore by the commands, with the programs of PostgreSQL, in a copy of the tests' database."""

import json
import resource
import signal
import stat
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from rules.models import ActivityEntry
from smartagent.bench.scratch import connect_to, on_the_server
from smartagent.models import User
from tests.databases import connection_of_its_own, of_tests
from tests.smartagent.backup.conftest import refusal, said


def databases() -> set[str]:
    """Those of this test: other processes of the tests have theirs on the same server."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [of_tests()])
        return {name for (name,) in cursor.fetchall()}


def changed(file: Path, name: str, change: Any) -> Path:
    """A copy of the backup, in which one of its parts is another."""
    other = file.with_name("changed.zip")
    with zipfile.ZipFile(file) as source, zipfile.ZipFile(other, "w") as target:
        for each in source.namelist():
            text = source.read(each)
            target.writestr(each, change(text) if each == name else text)
    return other


def manifest_with(file: Path, **values: Any) -> Path:
    return changed(file, "manifest.json", lambda text: json.dumps(json.loads(text) | values))


def test_a_backup_is_restored_in_place_of_the_database(installation: User, tmp_path: Path, settings: Any) -> None:
    file, database = tmp_path / "whole.zip", str(connection.settings_dict["NAME"])
    text = said("backup", file)
    assert f"{file} written." in text
    assert "(command line)" in ActivityEntry.objects.get(event_type="backup_made").context["by_name"]
    assert "Keep the keys" in text
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["whole.zip"]
    with zipfile.ZipFile(file) as archive:
        assert archive.namelist() == ["database.dump", "manifest.json"]
        manifest = json.loads(archive.read("manifest.json"))
        assert settings.SECRET_KEY.encode() not in archive.read("manifest.json")
    assert manifest["tables"]["public.smartagent_users"] == User.objects.count()
    assert "is there already" in refusal("backup", file)

    User.objects.all().delete()
    before = databases()
    assert "is not empty" in refusal("restore", file)
    with connection_of_its_own() as other:
        assert "1 other connection to the database" in refusal("restore", file, "--replace")
    other.close()
    assert User.objects.count() == 0
    assert databases() == before

    text = said("restore", file, "--replace")
    (former,) = databases() - before
    assert former in text
    assert f"in place of the database {database}, and verified" in text
    assert User.objects.get().email == installation.email
    assert ActivityEntry.objects.get(event_type="backup_restored").context["file"] == str(file)
    assert User.objects.get().check_password("correct horse battery")
    with connection_of_its_own(former) as kept:
        assert kept.execute("SELECT count(*) FROM smartagent_users").fetchone() == (0,)
    kept.close()
    on_the_server(f'DROP DATABASE "{former}" WITH (FORCE)')


def test_it_can_be_restored_into_an_empty_database_with_its_keys(
    installation: User, tmp_path: Path, settings: Any
) -> None:
    file, key = tmp_path / "keys.zip", settings.SECRET_KEY
    assert "ATTENTION: the file holds the keys" in said("backup", tmp_path / "keys.zip", "--with-keys")
    assert "can be restored" in said("backup", "--check", file)
    before, database = databases(), str(connection.settings_dict["NAME"])
    on_the_server(f'CREATE DATABASE "{database}_empty" TEMPLATE template0')
    connect_to(f"{database}_empty")
    try:
        settings.SECRET_KEY, settings.VAR = "another key of fifty characters or more, as it should be", tmp_path
        (tmp_path / "secret_key").write_text("another")
        text = said("restore", file, "--with-keys")
        assert f"{tmp_path}/secret_key written; the former is secret_key.before_restore" in text
        assert (tmp_path / "secret_key").read_text() == key
        assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600
        assert User.objects.get().email == installation.email
        on_the_server(f'DROP DATABASE "{database}_empty" WITH (FORCE)')
        on_the_server(f'CREATE DATABASE "{database}_empty" TEMPLATE template0')
        assert "made with another SECRET_KEY" in said("restore", file)
        settings.SECRET_KEY_FALLBACKS = [key]
        assert "another SECRET_KEY" not in said("restore", file, "--replace")
    finally:
        connect_to(database)
        for name in databases() - before:
            on_the_server(f'DROP DATABASE "{name}" WITH (FORCE)')


def test_what_is_no_whole_backup_is_refused_in_words(installation: User, tmp_path: Path) -> None:
    file = tmp_path / "whole.zip"
    said("backup", file, "--format", "json")
    before = databases()
    (tmp_path / "short.zip").write_bytes(file.read_bytes()[:20_000])
    (tmp_path / "text.zip").write_text("no backup")
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as other:
        other.writestr("manifest.json", "{}")
    for name in ("short.zip", "text.zip", "other.zip"):
        assert "is not a whole backup of Smart Agent" in refusal("restore", tmp_path / name, "--replace")
    assert "no such file" in refusal("restore", tmp_path / "none.zip")
    assert "no such file" in refusal("backup", tmp_path / "none" / "new.zip")
    assert "takes nothing else" in refusal("backup", tmp_path, "--check", file)
    assert "without --with-keys" in refusal("restore", file, "--replace", "--with-keys")
    damaged = changed(file, "database.dump", lambda dump: dump[:-9] + b"something")
    assert "its dump is not the one that its manifest names" in refusal("backup", "--check", damaged)
    assert "update this one" in refusal("restore", manifest_with(file, migrations=["rules.9999_later"]), "--replace")
    assert "update this one" in refusal("restore", manifest_with(file, format=2), "--replace")
    assert "the same version or a newer one" in refusal("restore", manifest_with(file, server_major=99), "--replace")
    unknown = refusal("restore", manifest_with(file, roles=["nobody_of_tests"]), "--replace")
    assert 'CREATE ROLE "nobody_of_tests" NOLOGIN' in unknown
    with zipfile.ZipFile(file) as archive:
        counts = json.loads(archive.read("manifest.json"))["tables"]
    said("audit", "seal")
    with connection.cursor() as cursor:  # as somebody with the rights of the owner could
        cursor.execute("SET smartagent.entry_changes = 'import'; UPDATE agent_activity_log SET event_type = 'other'")
        cursor.execute("RESET smartagent.entry_changes")
    said("backup", tmp_path / "changed_log.zip")
    with pytest.raises(SystemExit) as ended:
        said("backup", "--check", tmp_path / "changed_log.zip")
    assert ended.value.code == 1
    fewer = manifest_with(file, tables=counts | {"public.smartagent_users": 7})
    assert "public.smartagent_users: 7 rows in the backup, 1 row restored" in refusal("backup", "--check", fewer)
    assert databases() == before


def test_a_full_disk_leaves_nothing_behind(installation: User, tmp_path: Path) -> None:
    limits, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        assert "name a file on another disk" in refusal("backup", tmp_path / "large.zip")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert not list(tmp_path.iterdir())
