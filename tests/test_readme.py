"""The examples of the README do what it says, and what it names exists."""

import re
import sys
import types
from pathlib import Path

import pytest
from django.core.management import get_commands
from django.utils import timezone

from notifications.delivery.channel_setup import try_out
from optimizer.execution.runner import apply, roll_back
from optimizer.models import OptimizationEvent
from optimizer.proposals.decisions import approve
from rules.evaluation.dispatcher import dispatch
from rules.models import ActivityEntry, AuditEvent, AutomationRule, MetricSample
from tests.notifications.outside import channel_of

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text()


@pytest.fixture
def examples(monkeypatch):
    """The modules that the README shows, importable as `examples`."""
    module = types.ModuleType("examples")
    for block in re.findall(r"```python\n(.*?)```", README, re.DOTALL):
        exec(block, module.__dict__)
    monkeypatch.setitem(sys.modules, "examples", module)


def test_a_metric_an_action_a_strategy_and_an_operation_of_ones_own(examples, alice, now, settings):
    settings.RULES_METRICS = [*settings.RULES_METRICS, "examples.OpenRules"]
    settings.RULES_ACTIONS = [*settings.RULES_ACTIONS, "examples.Pause"]
    settings.OPTIMIZER_STRATEGIES = ["examples.Cooling", *settings.OPTIMIZER_STRATEGIES]
    settings.OPTIMIZER_OPERATIONS = [*settings.OPTIMIZER_OPERATIONS, "examples.WriteOff"]
    MetricSample.objects.create(user=alice, metric="cpu_percent", value=99, observed_at=now)
    for metric, action in (("open_rules", "pause"), ("cpu_percent", "optimize")):
        AutomationRule.objects.create(
            user=alice, rule_name=action, metric_type=metric, condition_operator=">", threshold_value=1,
            action_type=action,
        )  # fmt: skip
    dispatch(now, "command")
    assert set(ActivityEntry.objects.values_list("action_taken", "status")) == {
        ("pause", "success"),
        ("optimize", "success"),
    }
    assert AutomationRule.objects.get(rule_name="pause").status == "paused"
    event = OptimizationEvent.objects.get()
    assert event.strategy == "cooling"
    assert [step.said or step.reason for step in event.steps.all()] == ["The CPU is at 99 percent."]
    approve(event, alice, now)
    assert apply(event.pk, now).status == "applied"
    assert AuditEvent.objects.get().event_type == "written_off"
    assert roll_back(event, alice, now) == []
    assert not AuditEvent.objects.exists()


def test_a_channel_of_ones_own(examples, alice, settings, httpserver):
    settings.NOTIFICATIONS_CHANNELS = [*settings.NOTIFICATIONS_CHANNELS, "examples.Ntfy"]
    settings.OUTBOUND_ALLOWED = ["127.0.0.0/8"]
    httpserver.expect_request("/topic").respond_with_data("ok")
    channel = channel_of(alice, "ntfy", url=httpserver.url_for("/topic"))
    assert try_out(channel, "Alice", timezone.now()).outcome == "delivered"
    assert httpserver.log[0][0].headers["Title"] == "[TEST] ntfy"


def test_the_commands_that_it_lists_exist():
    table = README.split("## Commands")[1].split("\n## ")[0]
    named = set(re.findall(r"^\| `(\w+)", table, re.MULTILINE)) - {"manage"}
    assert named <= set(get_commands())
    assert {"up", "verify", "bench"} <= named


def test_the_variables_that_it_lists_are_read():
    code = "".join(path.read_text() for path in ROOT.glob("smartagent/**/*.py"))
    for name in re.findall(r"^\| `([A-Z_]+)`", README, re.MULTILINE):
        assert f'"{name}"' in code, name


def test_its_picture_is_there():
    for path in re.findall(r"!\[.*?\]\((.+?)\)", README):
        assert (ROOT / path).is_file(), path
