"""manage.py rules: export, plan, apply, release."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from rules.models import AutomationRule

FILE = """\
version: 1
rules:
  - uid: cpu-high
    owner: alice@example.com
    name: CPU high
    metric: cpu
    operator: ">"
    threshold: 80
    action: alert
    labels: {team: database}
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "team.yaml"
    path.write_text(FILE)
    return path


def rules(*words):
    out = StringIO()
    call_command("rules", *map(str, words), stdout=out)
    return out.getvalue()


def waits(*words):
    out = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("rules", *map(str, words), stdout=out)
    assert ended.value.code == 3
    return out.getvalue()


def test_a_plan_says_what_would_change_and_changes_nothing(alice, file):
    assert "+ cpu-high: “CPU high” is created" in waits("plan", file)
    assert not AutomationRule.objects.exists()


def test_what_is_applied_is_there_and_applied_again_it_changes_nothing(alice, file):
    rules("apply", file)
    rule = AutomationRule.objects.get()
    assert (rule.uid, rule.provisioned_by, rule.user, rule.threshold_value) == ("cpu-high", "team.yaml", alice, 80)
    assert rules("plan", file) == "team.yaml: 1 unchanged.\n"
    rules("apply", file)
    assert rule.history.count() == 1


def test_a_change_is_shown_field_by_field_and_keeps_what_happened(alice, file):
    rules("apply", file)
    AutomationRule.objects.update(trigger_count=7)
    file.write_text(FILE.replace("80", "90"))
    assert "threshold: 80 → 90" in waits("plan", file)
    rules("apply", file)
    assert AutomationRule.objects.values_list("threshold_value", "trigger_count").get() == (90, 7)


def test_a_plan_that_is_old_is_not_applied(alice, file):
    fingerprint = json.loads(waits("plan", file, "--format", "json"))["fingerprint"]
    file.write_text(FILE.replace("80", "90"))
    with pytest.raises(CommandError, match="The plan is outdated"):
        rules("apply", file, "--plan", fingerprint)
    assert not AutomationRule.objects.exists()


def test_two_files_of_one_name_do_not_prune_each_others_rules(alice, file, tmp_path):
    rules("apply", file)
    (tmp_path / "other").mkdir()
    other = tmp_path / "other" / "team.yaml"
    other.write_text("version: 1\nrules: []\n")
    for verb in ("plan", "apply"):
        with pytest.raises(CommandError, match="add, for example, source:"):
            rules(verb, other, "--prune")
    other.write_text("version: 1\nsource: other/team.yaml\nrules: []\n")
    rules("apply", other, "--prune")
    assert AutomationRule.objects.exists()
    rules("apply", other, "--prune", "--source", "other/team.yaml")
    other.write_text("version: 1\nsource: team.yaml\nrules: []\n")  # the name that the rule was applied by
    rules("apply", other, "--prune")
    assert not AutomationRule.objects.exists()


def test_what_is_no_longer_in_the_file_goes_where_it_is_pruned_and_comes_back(alice, file):
    rules("apply", file)
    file.write_text("version: 1\nsource: team.yaml\nrules: []\n")
    rules("apply", file)
    assert AutomationRule.objects.exists()
    rules("apply", file, "--prune")
    assert not AutomationRule.objects.exists()
    assert AutomationRule.binned.exists()
    file.write_text(FILE)
    rules("apply", file)
    assert AutomationRule.objects.get().status == "active"


def test_rules_made_by_hand_are_taken_over_only_where_that_is_asked_for(alice, file):
    AutomationRule.objects.create(
        user=alice, uid="cpu-high", rule_name="Mine", metric_type="cpu", condition_operator=">", threshold_value=1,
        action_type="log",
    )  # fmt: skip
    with pytest.raises(CommandError, match="Created by hand"):
        rules("apply", file)
    rules("apply", file, "--adopt")
    assert AutomationRule.objects.get().rule_name == "CPU high"


def test_an_export_applies_without_a_difference(alice, file, tmp_path):
    rules("apply", file)
    out = tmp_path / "out.yaml"
    rules("export", "--source", "team.yaml", "--label", "team=database", out)
    assert rules("plan", out) == "team.yaml: 1 unchanged.\n"
    assert rules("export", "--label", "team=web").endswith("rules: []\n")


def test_released_rules_are_free(alice, file):
    rules("apply", file)
    assert rules("release", "team.yaml") == "1 rules released.\n"
    assert AutomationRule.objects.get().provisioned_by == ""
    with pytest.raises(CommandError, match="No rule is managed"):
        rules("release", "team.yaml")


def test_every_mistake_is_told_with_its_line_and_nothing_is_written(alice, file):
    file.write_text(FILE.replace("threshold: 80", "threshold: many").replace('">"', "near"))
    with pytest.raises(CommandError) as refused:
        rules("apply", file)
    assert refused.value.returncode == 2
    assert "team.yaml:8:" in str(refused.value)
    assert "team.yaml:7:" in str(refused.value)
    assert not AutomationRule.objects.exists()


def test_nobody_and_nothing_there(db, file, tmp_path):
    with pytest.raises(CommandError, match="No person with the e-mail"):
        rules("plan", file, "--owner", "nobody@example.com")
    with pytest.raises(CommandError, match="cannot be read"):
        rules("plan", tmp_path / "none.yaml")
    with pytest.raises(CommandError, match="NAME=VALUE"):
        rules("export", "--label", "team")
