"""Alerting rules about ourselves, and the dashboard: they speak of what `/metrics` has, and each alert fires."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.test import Client

from smartagent.docs.contents import TEXT_FOLDER
from smartagent.docs.download import DOWNLOADS
from smartagent.models import User

TESTS_OF_ALERTS = Path(__file__).parent / "alerts.test.yml"
ALERTS, DASHBOARD = DOWNLOADS / "smartagent-alerts.yml", DOWNLOADS / "smartagent-dashboard.json"
OURS = re.compile(r"\bsmartagent_[a-z_]+")
promtool = pytest.mark.skipif(not shutil.which("promtool"), reason="promtool comes with Debian's package prometheus")


def rules() -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]]


def expressions() -> Iterator[str]:
    """Those of the dashboard, with values for its variables."""
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        for target in panel.get("targets", ()):
            yield target["expr"].replace("$__rate_interval", "5m").replace("$job", ".+")


def run(*arguments: str) -> str:
    done = subprocess.run(["promtool", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@promtool
def test_every_alert_fires_and_resolves() -> None:
    assert "SUCCESS" in run("check", "rules", str(ALERTS))
    assert "SUCCESS" in run("test", "rules", str(TESTS_OF_ALERTS))
    tested: dict[str, set[bool]] = {}
    for group in yaml.safe_load(TESTS_OF_ALERTS.read_text())["tests"]:
        for each in group["alert_rule_test"]:
            tested.setdefault(each["alertname"], set()).add(bool(each["exp_alerts"]))
    assert tested == {rule["alert"]: {True, False} for rule in rules()}
    documented = re.findall(r"^\| `(SmartAgent\w+)`", (TEXT_FOLDER / "monitoring.md").read_text(), re.MULTILINE)
    assert documented == [rule["alert"] for rule in rules()]


@promtool
def test_the_dashboard_has_queries_that_prometheus_reads(tmp_path: Path) -> None:
    recorded = [{"record": f"panel:{number}", "expr": expr} for number, expr in enumerate(expressions())]
    (tmp_path / "panels.yml").write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": recorded}]}))
    assert f"{len(recorded)} rules found" in run("check", "rules", str(tmp_path / "panels.yml"))
    panels = json.loads(DASHBOARD.read_text())["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels) > 20


def test_they_name_what_metrics_has_and_so_does_the_documentation(db: None, settings: Any) -> None:
    settings.METRICS_TOKEN = "sc-123456789-abcdefgh"
    client = Client(headers={"Authorization": f"Bearer {settings.METRICS_TOKEN}"})
    client.get("/metrics")  # is counted itself
    text = client.get("/metrics").content.decode()
    exposed = set(OURS.findall(re.sub(r"^#.*$", "", text, flags=re.MULTILINE)))
    families = set(re.findall(r"^# TYPE (smartagent_\w+)", text, re.MULTILINE))
    named = {name for expr in [*expressions(), *(rule["expr"] for rule in rules())] for name in OURS.findall(expr)}
    assert named - exposed - families == set()
    documented = (TEXT_FOLDER / "monitoring.md").read_text()
    last = "smartagent_last_evaluation_"
    assert {
        name for name in families if name not in documented and f"…_{name.removeprefix(last)}" not in documented
    } == set()
    assert set(re.findall(r"`(smartagent_[a-z_]+)`", documented)) - families == set()


def test_both_can_be_downloaded(client_of: Any, alice: User) -> None:
    for file, kind in ((ALERTS, "application/yaml"), (DASHBOARD, "application/json")):
        response = client_of(alice).get(f"/docs/downloads/{file.name}")
        assert response.content == file.read_bytes()
        assert response["Content-Disposition"] == f'attachment; filename="{file.name}"'
        assert response["Content-Type"] == kind
    assert client_of(alice).get("/docs/downloads/settings.py").status_code == 404
