"""Where Prometheus' own promtool is installed, it gets the same series and finds the same times of firing."""

import random
import shutil
import subprocess
from datetime import UTC, datetime, timedelta

import pytest

from rules.backtesting.replay import replay_samples
from rules.models import AutomationRule
from rules.prometheus.imported import as_document
from rules.prometheus.importer import import_prometheus
from rules.provisioning.document import read_document

START = datetime(2026, 3, 2, tzinfo=UTC)
TICK = timedelta(minutes=5)
RULES = """\
groups:
  - name: same
    interval: 5m
    rules:
      - alert: High
        expr: cpu > 50
        for: {hold}m
        keep_firing_for: {keep}m
"""
TEST = """\
rule_files: [rules.yaml]
evaluation_interval: 5m
tests:
  - interval: 5m
    input_series: [{{series: cpu, values: "{values}"}}]
    alert_rule_test:
{checks}
"""
CHECK = "      - {{eval_time: {minutes}m, alertname: High, exp_alerts: [{alerts}]}}"


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool, of Debian's package prometheus, is not installed")
@pytest.mark.parametrize("seed", range(8))
def test_the_same_times_of_firing(seed, tmp_path, settings):
    chance = random.Random(seed)
    hold, keep = chance.choice([0, 1, 3]), chance.choice([1, 2, 4])
    values = []
    while len(values) < 200:  # in runs, and seldom enough not to flap
        values += [chance.choice([10, 90])] * chance.randint(3, 12)
    fires = firing(values, hold, keep)
    assert any(fires)
    assert not all(fires)
    checks = [CHECK.format(minutes=5 * n, alerts="{}" if on else "") for n, on in enumerate(fires)]
    (tmp_path / "rules.yaml").write_text(RULES.format(hold=5 * hold, keep=5 * keep))
    (tmp_path / "test.yaml").write_text(TEST.format(values=" ".join(map(str, values)), checks="\n".join(checks)))
    done = subprocess.run(
        ["promtool", "test", "rules", "test.yaml"], cwd=tmp_path, capture_output=True, text=True, check=False
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def firing(values, hold, keep):
    """Whether the rule, imported from that of Prometheus, fires after each tick; what is recovering still does."""
    imported = import_prometheus(RULES.format(hold=5 * hold, keep=5 * keep))
    assert [each.notes for each in imported] == [[]]
    rule = AutomationRule(**read_document(as_document(imported, "same.yaml")).entries[0].values)
    assert (rule.pending_for, rule.keep_firing_for) == (hold * TICK, keep * TICK)
    found = replay_samples(rule, [(START + n * TICK, value) for n, value in enumerate(values)])
    assert not any(made.transition.state.flapping for made in found.transitions)
    return [
        any(
            period.start <= START + n * TICK < (period.end or datetime.max.replace(tzinfo=UTC))
            for period in found.periods
        )
        for n in range(len(values))
    ]
