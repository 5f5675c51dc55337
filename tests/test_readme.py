"""The examples of the documentation do what it says, and what README and documentation name exists."""

import re
import sys
import types
from pathlib import Path

import pytest
from django.core.management import get_commands
from django.urls import reverse
from django.utils import timezone

from notifications.delivery.channel_setup import try_out
from optimizer.execution.runner import apply, roll_back
from optimizer.models import OptimizationEvent
from optimizer.proposals.decisions import approve
from rules.evaluation.dispatcher import dispatch
from rules.filters import ActivityFilter
from rules.models import ActivityEntry, AuditEvent, AutomationRule, MetricSample
from rules.text.activity import named_entries
from tests.notifications.outside import channel_of

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text()
DOCS = ROOT / "smartagent" / "docs" / "text"
EXTENDING = (DOCS / "extending.md").read_text()


@pytest.fixture
def examples(monkeypatch):
    """The modules that “Extend Smart Agent” shows, importable as `examples`."""
    module = types.ModuleType("examples")
    for block in re.findall(r"```python\n(.*?)```", EXTENDING, re.DOTALL):
        exec(block, module.__dict__)
    monkeypatch.setitem(sys.modules, "examples", module)


def test_a_metric_an_action_a_strategy_and_an_operation_of_ones_own(examples, alice, now, settings):
    settings.RULES_METRICS = [*settings.RULES_METRICS, "examples.OpenRules"]
    settings.RULES_ACTIONS = [*settings.RULES_ACTIONS, "examples.Pause"]
    settings.OPTIMIZER_STRATEGIES = ["examples.Cooling", *settings.OPTIMIZER_STRATEGIES]
    settings.OPTIMIZER_OPERATIONS = [*settings.OPTIMIZER_OPERATIONS, "examples.WriteOff"]
    MetricSample.objects.push(user=alice, metric="cpu_percent", value=99, observed_at=now)
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
    assert [step.result or step.reason for step in event.steps.all()] == ["The CPU is at 99 percent."]
    approve(event, alice, now)
    assert apply(event.pk, now).status == "applied"
    assert AuditEvent.objects.get().event_type == "written_off"
    assert roll_back(event, alice, now) == []
    assert not AuditEvent.objects.exists()


def test_an_event_of_ones_own(examples, alice, now, settings, client):
    settings.RULES_ACTIONS = [*settings.RULES_ACTIONS, "examples.SignOff"]
    MetricSample.objects.push(user=alice, metric="cpu_percent", value=99, observed_at=now)
    AutomationRule.objects.create(
        user=alice, rule_name="CPU", metric_type="cpu_percent", condition_operator=">", threshold_value=1,
        action_type="sign_off",
    )  # fmt: skip
    dispatch(now, "command")
    entry = ActivityEntry.objects.get(event_type="rule_signed_off")
    (named,) = named_entries([entry])
    assert (named.event_label, named.event_tone) == ("signed off", "info")
    assert named.sentence == "CPU was signed off."
    assert ("rule_signed_off", "signed off") in ActivityFilter(request=None).form.fields["event"].choices
    client.force_login(alice)
    listed = client.get(reverse("admin:rules_activityentry_changelist"), {"event": "rule_signed_off", "within": ""})
    for part in ("signed off", "CPU was signed off.", "bg-blue-100"):
        assert part in listed.content.decode()
    rows = client.get("/api/activity/", {"event": "rule_signed_off"}).json()["results"]
    assert [(row["event_type"], row["sentence"]) for row in rows] == [("rule_signed_off", "CPU was signed off.")]


def test_a_channel_of_ones_own(examples, alice, settings, httpserver):
    settings.NOTIFICATIONS_CHANNELS = [*settings.NOTIFICATIONS_CHANNELS, "examples.Ntfy"]
    settings.OUTBOUND_ALLOWED = ["127.0.0.0/8"]
    httpserver.expect_request("/topic").respond_with_data("ok")
    channel = channel_of(alice, "ntfy", url=httpserver.url_for("/topic"))
    assert try_out(channel, "Alice", timezone.now()).outcome == "delivered"
    assert httpserver.log[0][0].headers["Title"] == "[TEST] ntfy"


def test_the_commands_page_lists_the_commands_that_exist():
    own = {name for name, app in get_commands().items() if app in {"smartagent", "rules", "notifications", "optimizer"}}
    named = set(re.findall(r"^\| `(\w+)", (DOCS / "commands.md").read_text(), re.MULTILINE)) - {"manage"}
    assert named == own - {"changepassword", "createsuperuser", "migrate", "shell"}  # as Django has them


def test_the_configuration_page_lists_every_variable_that_is_read():
    listed = re.findall(r"`([A-Z_]{5,})`", (DOCS / "configuration.md").read_text())
    code = "".join(path.read_text() for path in ROOT.glob("smartagent/**/*.py"))
    assert [name for name in listed if f'"{name}"' not in code and name not in {"INFO"}] == []
    read = set(re.findall(r'env(?:\.\w+)?\(\s*"([A-Z_]+)"', (ROOT / "smartagent" / "settings.py").read_text()))
    assert read <= set(listed)


def test_the_readme_is_a_front_page():
    assert len(README.splitlines()) <= 150


@pytest.mark.parametrize("path", [ROOT / "README.md", *sorted(DOCS.glob("*.md"))], ids=lambda path: path.name)
def test_every_file_and_address_that_is_named_exists(path, client_of, alice):
    text = re.sub(r"```.*?```", "", path.read_text(), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith("/"):
            address, _, anchor = target.partition("#")
            answer = client_of(alice).get(address)
            assert answer.status_code == 200, target
            assert not anchor or f'id="{anchor}"' in answer.content.decode(), target
        elif "://" not in target:
            assert (ROOT / target).exists(), target
    for named in re.findall(r"`((?:rules|notifications|optimizer|smartagent|tests|templates)/[\w./-]*)`", text):
        assert (ROOT / named).exists(), named
