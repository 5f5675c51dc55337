"""What `smartagent/deploy/` describes exists, and several processes of different versions get on with each other."""

import re
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
import yaml
from django.core.management import get_commands
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from rules.evaluation.dispatcher import dispatch
from rules.models import AutomationRule, DispatchRun
from smartagent.monitoring.readiness import check_migrations
from tests.roles import role, until
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
    command = (tmp_path, "evaluate")
    with role(*command, EVALUATE_EVERY_SECONDS="15") as one, role(*command, EVALUATE_EVERY_SECONDS="15") as two:
        until(lambda: DispatchRun.objects.count() == 1, 60)
        leader, standby = (one, two) if "evaluating" in one.output() else (two, one)
        leader.kill()
        completed = DispatchRun.objects.filter(started_at__gt=timezone.now(), outcome=DispatchRun.Outcome.COMPLETED)
        until(completed.exists, 30)  # also where the first was killed in the middle of its evaluation
        assert "evaluating" in leader.output()
        assert "evaluating" in standby.output()
        assert standby.ends_by(signal.SIGTERM, standby.family()) == 0
