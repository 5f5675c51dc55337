"""The bench measures what it says, in a database of its own that is gone afterwards."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

PROJECT = Path(__file__).resolve().parents[3]


def is_there(database):
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_database WHERE datname = %s", [database])
        return cursor.fetchone()[0] == 1


@pytest.mark.django_db
def test_a_small_bench_of_deliveries_loses_nothing():
    command = [sys.executable, "manage.py", "bench", "deliver", "--count", "30", "--kill", "1", "--lease", "1"]
    with subprocess.Popen([*command, "--format=json"], cwd=PROJECT, text=True, stdout=subprocess.PIPE) as bench:
        figures = json.loads(bench.communicate(timeout=120)[0])
    assert (figures["sent"], figures["distinct"], figures["lost"], figures["unsettled"]) == (30, 30, 0, 0)
    assert figures["received"] - figures["distinct"] == figures["duplicates_by_id"]
    of_rounded = pytest.approx(figures["floor_per_second"] / figures["per_second"], rel=0.1)
    assert figures["ratio"] == of_rounded
    assert not is_there(f"smartagent_bench_{bench.pid}")


@pytest.mark.django_db
def test_a_small_bench_tells_every_figure_and_leaves_nothing_behind():
    options = ["--rules", "40", "--change", "50", "--chain", "--format=json"]
    command = [sys.executable, "manage.py", "bench", "tick", *options]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, cwd=PROJECT, text=True, env=os.environ, **pipes) as bench:
        figures = json.loads(bench.communicate(timeout=120)[0])
    assert (figures["rules"], figures["changed"]) == (40, 20)
    assert figures["ratio"] > 0 < figures["record_ratio"]
    assert figures["chain_ratio"] > 0 < figures["sealing_ratio"]
    assert not is_there(f"smartagent_bench_{bench.pid}")


@pytest.mark.parametrize("rules", ["0", "many", "-3"])
def test_a_number_of_rules_that_is_none_is_refused_in_words(rules):
    with pytest.raises(CommandError, match="write 1 to 10000000"):
        call_command("bench", "tick", "--rules", rules)
