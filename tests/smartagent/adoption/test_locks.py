"""The lock that is told of a change is the strongest that the change takes on the table."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper

from smartagent.adoption import operations
from smartagent.adoption.lock_retries import patiently
from smartagent.adoption.preview import estimates
from smartagent.adoption.preview.dry_run import rehearse
from smartagent.adoption.sync import base
from smartagent.bench.migration_process import PROJECT
from tests.legacy.test_takeover import MIXTURES, built
from tests.smartagent.adoption.conftest import Takeover, takeover

__all__ = ["takeover"]

HELD = """
SELECT DISTINCT mode FROM pg_locks JOIN pg_class c ON c.oid = relation
 WHERE pid = pg_backend_pid() AND relkind = 'r' AND c.oid = to_regclass(%s)"""

UNIQUE = """SELECT conrelid::regclass::text, conname FROM pg_constraint
             WHERE contype = 'u' AND connamespace = 'legacy'::regnamespace"""


@pytest.mark.parametrize("name", ["the newer scripts", "by hand"])
def test_no_change_takes_a_stronger_lock_than_is_told(
    takeover: Takeover, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    built(takeover, MIXTURES[name])
    forget_what_is_unique(takeover)
    expected = {
        f"{each.name}: {act.does}": act.lock for each in rehearse(connection).subjects.values() for act in each.acts
    }
    taken: dict[str, str] = {}
    monkeypatch.setattr(operations, "patiently", watching(taken))
    monkeypatch.setattr(base, "patiently", watching(taken))
    takeover.forwards()
    looked_at = expected.keys() & taken.keys()
    assert len(looked_at) > 50
    assert "integrations: constraint integrations_one_of_a_type added" in looked_at
    assert {what: taken[what] for what in looked_at if weaker(expected[what], taken[what])} == {}


def forget_what_is_unique(takeover: Takeover) -> None:
    """As where the script that made it so has failed."""
    for table, name in takeover.sql(UNIQUE):
        takeover.sql(f"ALTER TABLE {table} DROP CONSTRAINT {name}")


def watching(taken: dict[str, str]) -> Callable[..., Any]:
    """`patiently`, which notes before each commit what is locked."""

    def watched(wrapper: BaseDatabaseWrapper, what: str, work: Callable[[], Any], table: str | None = None) -> Any:
        def and_look() -> Any:
            result = work()
            taken[what] = estimates.strongest([taken.get(what, ""), *held(what.partition(":")[0])])
            return result

        return patiently(wrapper, what, and_look, table)

    return watched


def held(table: str) -> list[str]:
    """The locks on a table, in the words of LOCK TABLE: ShareRowExclusiveLock is SHARE ROW EXCLUSIVE."""
    with connection.cursor() as cursor:
        cursor.execute(HELD, [table])
        modes = {"".join(mode.removesuffix("Lock").upper().split()) for (mode,) in cursor.fetchall()}
    return [lock for lock in estimates.LOCKS if lock.replace(" ", "") in modes]


def weaker(expected: str, taken: str) -> bool:
    return estimates.LOCKS.index(expected) < estimates.LOCKS.index(taken)


def test_it_is_told_which_changes_make_a_write_wait_and_for_how_long(takeover: Takeover) -> None:
    built(takeover, MIXTURES["the newer scripts"])
    out = io.StringIO()
    call_command("adopt", check=True, format="json", stdout=out)
    changes = [change for table in json.loads(out.getvalue())["tables"] for change in table["changes"]]
    waits = {(each["lock"], each["blocks_writes"], each["blocked_seconds"]) for each in changes}
    assert {
        ("ACCESS EXCLUSIVE", True, 0.22),
        ("SHARE UPDATE EXCLUSIVE", False, 0),
        ("ROW EXCLUSIVE", False, 0),
    } <= waits
    assert max(seconds for _, _, seconds in waits) < 1


@pytest.mark.parametrize("command", [["adopt", "--check"], ["bench", "adopt", "--rows", "1"]])
def test_a_database_that_is_down_is_told_in_one_line(command: list[str]) -> None:
    environment = os.environ | {"DATABASE_URL": "postgres://nobody@127.0.0.1:1/none"}
    done = subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert [line[:24] for line in done.stderr.splitlines()] == ["PostgreSQL at 127.0.0.1:"]
