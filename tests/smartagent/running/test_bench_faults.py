"""The bench of faults on a tiny installation: a killed worker, whose queue stays locked, is no end of evaluations."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

PROJECT = Path(__file__).resolve().parents[3]
TINY = ["--rules", "20", "--rate", "1", "--every", "15", "--people", "1", "--samples", "20"]


def test_a_killed_worker_loses_nothing_and_is_recorded():
    command = [sys.executable, "manage.py", "bench", "faults", *TINY, "--only", "worker-killed", "--format", "json"]
    with subprocess.Popen(
        command, cwd=PROJECT, text=True, env=os.environ | {"WORKERS": "1"}, stdout=subprocess.PIPE
    ) as bench:
        found = json.loads(bench.communicate(timeout=240)[0])
    (row,), load = found["faults"], found["load"]
    assert (row["name"], row["missed"], row["doubled"], row["lost"]) == ("worker killed", 0, 0, 0), row
    assert row["recovered_s"] < 60, row
    assert row["chain_valid"], row
    assert load["samples_per_s"] > 10, load
    assert any(seen.startswith("activity: process_ended: killed by SIGKILL") for seen in row["seen"]), row


def test_a_fault_that_is_none_is_refused_with_the_names_of_all():
    with pytest.raises(CommandError, match="There is no fault 'rain'; there are web killed, "):
        call_command("bench", "faults", "--only", "rain")
