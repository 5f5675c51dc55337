"""A database in use is taken over: nobody waits long, and a run that was killed is finished by the next."""

import json
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connection

from smartagent.adoption.preview.dry_run import rehearse
from smartagent.bench.legacy import make_legacy
from smartagent.bench.migration_process import PROJECT, migrating
from smartagent.bench.scratch import scratch_database
from smartagent.bench.writers import Writers
from tests.examples import examples

ROWS = 10_000
KILLS = examples(1)
CATALOG = """
SELECT 'column', table_name || '.' || column_name, data_type || is_nullable || coalesce(column_default, '')
  FROM information_schema.columns WHERE table_schema IN ('public', 'auth')
UNION ALL SELECT 'constraint', conrelid::regclass || '.' || conname,
                 pg_get_constraintdef(oid) || convalidated || coalesce(obj_description(oid, 'pg_constraint'), '')
  FROM pg_constraint WHERE conrelid <> 0 AND connamespace::regnamespace::text IN ('public', 'auth') AND contype <> 'n'
UNION ALL SELECT 'index', indexrelid::regclass::text,
                 pg_get_indexdef(indexrelid) || indisvalid || coalesce(obj_description(indexrelid, 'pg_class'), '')
  FROM pg_index JOIN pg_class c ON c.oid = indrelid WHERE relnamespace::regnamespace::text IN ('public', 'auth')
UNION ALL SELECT 'trigger', tgrelid::regclass || '.' || tgname, pg_get_triggerdef(oid)
  FROM pg_trigger WHERE NOT tgisinternal
UNION ALL SELECT 'function', proname, prosrc FROM pg_proc WHERE pronamespace::regnamespace::text = 'public'
ORDER BY 1, 2, 3"""
# What the takeover says of each row: the old application's words, and ours beside them.
OUT_OF_STEP = {
    "notifications": "(status <> 'unread') IS DISTINCT FROM coalesce(is_read, false)",
    "fusion_optimization_events": "(status = 'applied') IS DISTINCT FROM coalesce(applied, false)",
    "fusion_audit_log": """message = '' OR severity IS DISTINCT FROM
        CASE status WHEN 'failed' THEN 'error' WHEN 'partial' THEN 'warning' ELSE 'info' END""",
}


@pytest.fixture
def undisturbed(django_db_blocker: Any) -> list[tuple[Any, ...]]:
    """The catalog of such a database that was taken over in one go."""
    ContentType.objects.clear_cache()
    with django_db_blocker.unblock(), scratch_database(migrated=False):
        make_legacy(1)
        call_command("migrate", verbosity=0)
        return sql(CATALOG)


@pytest.fixture
def database(django_db_blocker: Any) -> Iterator[str]:
    """One of its own: other processes work on it as well."""
    with django_db_blocker.unblock(), scratch_database(migrated=False) as name:
        make_legacy(ROWS)
        yield name
    ContentType.objects.clear_cache()


def sql(query: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return list(cursor.fetchall())


def assert_in_step() -> None:
    for table, rows in OUT_OF_STEP.items():
        assert sql(f"SELECT count(*) FROM {table} WHERE {rows}") == [(0,)], table
    assert sql("SELECT count(*) FROM smartagent_users") == sql("SELECT count(*) FROM auth.users")


def test_killed_again_and_again_it_is_finished_by_the_next(undisturbed: list[tuple[Any, ...]], database: str) -> None:
    writers = Writers(1)
    with writers.writing():
        for _ in range(KILLS):
            kill_after(database, random.randrange(15))
        assert migrating(database).wait() == 0
    assert writers.failures == 0
    assert rehearse(connection).nothing_to_do
    assert_in_step()
    assert sql("SELECT count(*) FROM notifications")[0][0] > ROWS
    assert sorted(set(sql(CATALOG)) ^ set(undisturbed)) == []


def kill_after(database: str, lines: int) -> None:
    """Let it say so many lines, and work for a moment more, and then end it as a power cut would."""
    with migrating(database, stderr=subprocess.PIPE) as process:
        assert process.stderr
        for _ in range(lines):
            process.stderr.readline()
        time.sleep(random.random() / 20)
        process.kill()


def test_a_small_bench_says_that_nobody_failed() -> None:
    command = [sys.executable, "manage.py", "bench", "adopt", "--rows", "2000", "--format", "json"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=180)
    figures = json.loads(done.stdout)
    assert list(figures) == ["rows", "seconds", "writer_statements", "writer_failures", "writer_longest_wait_ms"]
    assert (figures["rows"], figures["writer_failures"]) == (2000, 0), done.stderr[-2000:]
    assert figures["writer_statements"] > 0
    assert figures["writer_longest_wait_ms"] > 0
