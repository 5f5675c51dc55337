"""Imported rules, evaluated by us on a real Prometheus, fire when those of Prometheus fire by `promtool test rules`."""

import json
import shutil
import subprocess
from datetime import UTC, datetime, timedelta

import pytest

from rules.engine.open_alerts import fires_now
from rules.engine.series_labels import labels_of
from rules.evaluation.dispatcher import dispatch
from rules.models import RuleState
from rules.prometheus.imported import TargetSource, as_document
from rules.prometheus.importer import import_prometheus
from rules.provisioning.apply import apply
from rules.provisioning.document import read_document
from tests.servers.process import server

START = datetime(2026, 3, 2, tzinfo=UTC)
EVALUATIONS = 17
ALERTS = {
    "Fast": ("sum(rate(jobs_total[10m])) > 1.5", "10m", "0s"),
    "Backlog": ("5 < max(queue) and on () sum(up) >= 1", "5m", "10m"),
    "Worse": ("max(queue) > sum(up)", "0s", "0s"),
    "Either": ("sum(up) == 0 or max(queue) > 10", "0s", "0s"),
    "Gone": ("absent(up)", "5m", "0s"),
    "Negative": ("-max(queue) < -(2 * 4)", "0s", "5m"),
    "Hosts": ("queue > 9 and on () sum(up) == 0", "5m", "0s"),
    "Load": ("rate(jobs_total[10m]) > 1.5", "10m", "5m"),
    "Either host": ("queue > on (host) up * 12 or on (host) queue > 8", "0s", "0s"),
    "Full": ("predict_linear(disk[30m], 3600) < 0", "0s", "0s"),
}
# Values at each minute; None is no sample.
SERIES: dict[str, list[float | None]] = {
    'jobs_total{host="a"}': [minute * (120.0 if 20 <= minute < 55 else 30.0) for minute in range(81)],
    'queue{host="b"}': [float(minute // 8) for minute in range(81)],
    'jobs_total{host="b"}': [minute * 60.0 if minute < 45 else 2700.0 + (minute - 45) * 120 for minute in range(81)],
    'queue{host="a"}': [float(abs(40 - minute) // 3) for minute in range(81)],
    'up{host="a"}': [None if 50 <= minute < 66 else float(minute < 30) for minute in range(81)],
    "disk": [100.0 - minute for minute in range(81)],
}


@pytest.fixture
def history(tmp_path_factory):
    """The address of a Prometheus that has the series already."""
    if not shutil.which("promtool"):
        pytest.skip("promtool, of Debian's package prometheus, is not installed")
    folder = tmp_path_factory.mktemp("history")
    lines = [
        f"{series} {value} {(START + timedelta(minutes=minute)).timestamp():.0f}\n"
        for series, values in SERIES.items()
        for minute, value in enumerate(values)
        if value is not None
    ]
    (folder / "samples").write_text("".join(lines) + "# EOF\n")
    (folder / "prometheus.yml").write_text("")
    subprocess.run(
        ["promtool", "tsdb", "create-blocks-from", "openmetrics", "samples", "data"], cwd=folder, check=True,
        capture_output=True,
    )  # fmt: skip
    with server("prometheus", lambda port: [
        f"--web.listen-address=127.0.0.1:{port}", "--config.file=prometheus.yml", "--storage.tsdb.path=data",
        "--storage.tsdb.retention.time=50y",
    ], folder) as address:  # fmt: skip
        yield address


def rules_file():
    rules = [
        {"alert": name, "expr": expression, "for": pending, "keep_firing_for": keep, "labels": {"severity": "critical"}}
        for name, (expression, pending, keep) in ALERTS.items()
    ]
    return json.dumps({"groups": [{"name": "g", "rules": rules}]})


def test_they_fire_at_the_same_evaluations(history, alice, settings, tmp_path):
    settings.OUTBOUND_ALLOWED = ["127.0.0.0/8"]
    target = TargetSource(name="history", address=history)
    imported = import_prometheus(rules_file(), target)
    assert all(each.entry for each in imported), [each.notes for each in imported]
    document = as_document(imported, "g.yaml", target)
    for rule in document["rules"]:
        rule["action"] = "log"
        rule.pop("options", None)
    apply(read_document(document), None, START, owner=alice)
    checks, seen = [], set()
    for number in range(EVALUATIONS):
        dispatch(START + timedelta(minutes=5 * number), "command")
        states = list(RuleState.objects.select_related("rule"))
        assert not [state.reason for state in states if state.condition == "error"]
        for name in ALERTS:
            # A series that vanishes resolves at the second evaluation without it; in Prometheus, at the first, unless
            # it keeps firing.
            firing = [
                labels_of(each.target)
                for each in states
                if each.rule.rule_name == name
                and fires_now(each.condition)
                and (not each.missed or each.rule.keep_firing_for)
            ]
            seen.add((name, bool(firing)))
            alerts = [{"exp_labels": {"severity": "critical"} | labels} for labels in firing]
            checks.append({"eval_time": f"{5 * number}m", "alertname": name, "exp_alerts": alerts})
    assert len(seen) == 2 * len(ALERTS), seen  # each fires, and does not
    _check(checks, tmp_path)


def _check(checks, folder):
    """promtool finds that alerts fire exactly where the checks say."""
    series = [
        {"series": name, "values": " ".join("_" if value is None else f"{value:g}" for value in values)}
        for name, values in SERIES.items()
    ]
    tests = [{"interval": "1m", "input_series": series, "alert_rule_test": checks}]
    (folder / "rules.yml").write_text(rules_file())
    (folder / "test.yml").write_text(
        json.dumps({"rule_files": ["rules.yml"], "evaluation_interval": "5m", "tests": tests})
    )
    done = subprocess.run(["promtool", "test", "rules", "test.yml"], cwd=folder, capture_output=True, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr).decode()[:3000]
