"""What `smartagent/deploy/` describes exists, and several processes of different versions get on with each other."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import quote

import pytest
import yaml
from django.core.management import get_commands
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from rules.evaluation.dispatcher import dispatch
from rules.models import AutomationRule, DispatchRun
from smartagent.monitoring.readiness import check_migrations
from tests.rules.rule_cast import rule_of

PROJECT = Path(__file__).resolve().parents[3]
DEPLOY = PROJECT / "smartagent" / "deploy"
UNITS = sorted((DEPLOY / "systemd").iterdir())


def test_the_units_are_right(tmp_path):
    if not (verify := shutil.which("systemd-analyze")):
        pytest.skip("systemd-analyze is not installed; .ci/servers installs Debian's systemd")
    for unit in UNITS:
        here = unit.read_text().replace("/opt/smartagent", str(PROJECT)).replace("User=smartagent", "User=root")
        (tmp_path / unit.name).write_text(here)
    files = [tmp_path / unit.name for unit in UNITS]
    done = subprocess.run([verify, "verify", "--man=no", *files], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_units_and_containers_run_commands_that_exist_with_variables_that_are_read():
    described = (PROJECT / "smartagent" / "docs" / "text" / "configuration.md").read_text()
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    own = {name: each for name, each in compose["services"].items() if each.get("image") == "smartagent"}
    assert set(own) == {"migrate", "web", "worker", "deliver", "evaluate"}
    commands = {each["command"][0] for each in own.values()}
    commands |= {re.search(r"manage\.py (\w+)", unit.read_text())[1] for unit in UNITS if unit.suffix == ".service"}
    image = (DEPLOY / "Dockerfile").read_text()
    commands.add(re.search(r'CMD \["(\w+)"', image)[1])
    assert commands == {"migrate", "web", "qcluster", "deliver", "evaluate", "up"}
    assert commands <= set(get_commands())
    names = set(re.findall(r"^#?([A-Z_]+)=", (DEPLOY / "smartagent.env.example").read_text(), re.M))
    names |= {name for each in own.values() for name in each["environment"]}
    assert [name for name in names if f"`{name}`" not in described] == []
    copied = [name for line in re.findall(r"^COPY (.+) \S+$", image, re.M) for name in line.split()]
    assert copied
    assert [name for name in copied if not (PROJECT / name).exists()] == []


@pytest.mark.django_db
def test_this_version_goes_on_while_a_newer_one_has_expanded_the_database(alice, now):
    """There is no released version before this one, so the newer one is played: a column and a migration."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE automation_rules ADD COLUMN expanded text NOT NULL DEFAULT 'as before'")
    MigrationRecorder(connection).record_applied("rules", "9999_expanded")
    rule = rule_of(alice, rule_name="of the old version", metric_type="load", condition_operator=">", threshold_value=1)
    AutomationRule.objects.filter(pk=rule.pk).update(threshold_value=2)
    assert dispatch(now, "schedule").outcome == DispatchRun.Outcome.COMPLETED
    assert check_migrations(now) == "Of a newer version: rules.9999_expanded."
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT expanded FROM automation_rules")
        assert cursor.fetchall() == [("as before",)]


@pytest.mark.django_db(transaction=True)
def test_a_second_evaluator_goes_on_when_the_first_is_killed(alice, tmp_path):
    known = connection.get_connection_params()
    url = f"postgres://{known['user']}:{quote(known['password'])}@{quote(known['host'], safe='')}:{known['port']}"
    environment = {
        **os.environ, "DATABASE_URL": f"{url}/{known['dbname']}", "VAR_DIR": str(tmp_path),
        "EVALUATE_EVERY_SECONDS": "15",
    }  # fmt: skip
    command = [sys.executable, "manage.py", "evaluate"]
    logs = [tmp_path / name for name in ("one", "two")]
    processes = []
    try:
        for path in logs:
            with path.open("wb") as log:
                processes.append(subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=log, stderr=log))
        until(lambda: DispatchRun.objects.count() == 1, 60)
        leader, standby = processes if "evaluating" in logs[0].read_text() else reversed(processes)
        leader.send_signal(signal.SIGKILL)
        completed = DispatchRun.objects.filter(started_at__gt=timezone.now(), outcome=DispatchRun.Outcome.COMPLETED)
        until(completed.exists, 30)  # also where the first was killed in the middle of its evaluation
        assert all("evaluating" in log.read_text() for log in logs)
        standby.send_signal(signal.SIGTERM)
        assert standby.wait(timeout=10) == 0
    finally:
        for process in processes:
            process.kill()
            process.wait()


def until(true, seconds):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"not within {seconds} seconds"
        time.sleep(0.2)
