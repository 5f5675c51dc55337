"""Whatever a file calls by an unknown name is refused at its line; numbers come through to the digit."""

from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from rules.models import AutomationRule
from tests.api import Program

SOUND = {"uid": "t", "name": "T", "metric": "x", "operator": "'>'", "threshold": "1", "action": "alert",
         "owner": "alice@example.com"}  # fmt: skip


def text_of(**fields):
    lines = "\n    ".join(f"{name}: {value}" for name, value in (SOUND | fields).items())
    return f"version: 1\nsource: t.yaml\nrules:\n  - {lines}\n"


UNKNOWN = [
    ("action", "allert", 9, "Did you mean alert"), ("action", "'x\\ud800'", 9, "Available"),
    ("operator", "'>>'", 7, "operator"), ("severity", "urgent", 11, "not one of"),
    ("status", "on", 11, "not one of"), ("applies_to", "all", 11, "not one of"),
    ("no_data_policy", "alert", 11, "not one of"), ("error_policy", "[keep]", 11, "not one of"),
    ("reducer", "{avg: 1}", 11, "not one of"), ("match", "some", 11, "not one of"), ("metric", "5", 6, "text"),
    ("colour", "red", 11, "Unknown field"), ("window", "9999999999d", 11, "too long"),
    ("pending_for", "9999999999d", 11, "too long"), ("threshold", "1e1000000", 8, "exceeds 64 bits"),
    ("threshold", "0.00000000000001", 8, "digits"), ("options", "[1]", 11, "object"), ("labels", "{a: 1}", 11, "text"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value", "line", "says"), UNKNOWN)
def test_it_is_refused_at_its_line(alice, tmp_path, name, value, line, says):
    path = tmp_path / "t.yaml"
    path.write_text(text_of(**{name: value}))
    for verb in ("plan", "apply"):
        with pytest.raises(CommandError, match=says) as refused:
            call_command("rules", verb, str(path))
        assert refused.value.returncode == 2
        assert f"t.yaml:{line}:" in str(refused.value)
        errors = Program(alice).post(f"rules/{verb}/", {"text": text_of(**{name: value})}, status=400)
        assert any(place.startswith("rules[0]") for place in errors)
    assert not AutomationRule.objects.exists()


@pytest.mark.parametrize("threshold", ["1764237600000000000", "99999999999999999999.9999999999", "1e18", "-1e19"])
def test_a_large_threshold_comes_through_plan_apply_and_export_to_the_digit(alice, tmp_path, threshold):
    path, out = tmp_path / "t.yaml", tmp_path / "out.yaml"
    path.write_text(text_of(threshold=threshold))
    with pytest.raises(SystemExit):
        call_command("rules", "plan", str(path))
    call_command("rules", "apply", str(path))
    assert AutomationRule.objects.get().threshold_value == Decimal(threshold)
    call_command("rules", "export", str(out), "--source", "t.yaml")
    plan = StringIO()
    call_command("rules", "plan", str(out), stdout=plan)
    assert plan.getvalue() == "t.yaml: 1 unchanged.\n"
    found = Program(alice).get("rules/export/")["text"]
    assert Program(alice).post("rules/plan/", {"text": found, "source": "t.yaml"})["changes"] == 0


def test_all_mistakes_of_a_file_are_named_at_once(alice, tmp_path):
    path = tmp_path / "t.yaml"
    rules = [
        "{uid: a, name: A, metric: x, operator: '>', threshold: 1, action: allert}",
        "{uid: b, name: B, metric: x, operator: near, threshold: 1, action: alert}",
        "{uid: c, name: C, metric: x, operator: '>', threshold: 1, action: alert, window: 9999999999d}",
    ]
    path.write_text("version: 1\nrules:\n" + "".join(f"  - {rule}\n" for rule in rules))
    with pytest.raises(CommandError) as refused:
        call_command("rules", "plan", str(path), "--owner", "alice@example.com")
    assert [f"t.yaml:{line}:" in str(refused.value) for line in (3, 4, 5)] == [True] * 3


BODY = {"rule_name": "T", "metric_type": "x", "condition_operator": ">", "threshold_value": 1, "action_type": "alert"}
WRONG = [
    ("severity", "urgent"), ("status", 5), ("reducer", ["avg"]), ("match", "some"), ("threshold_value", "70"),
    ("threshold_value", True), ("critical_threshold", -5), ("recovery_threshold", 7), ("pending_for", "soon"),
    ("pending_for", "7m"), ("repeat_every", "9999999999d"), ("evaluation_window", "1h"), ("labels", {"a": 1}),
    ("labels", ["a"]), ("action_config", {"titel": "x"}), ("action_config", 5), ("description", "x" * 10_001),
    ("target_integration", "a\nb"), ("metric_type", "My metric"), ("rule_name", "x" * 201),
    ("more_conditions", [{"metric": "x", "operator": ">", "threshold": "9"}]),
    ("more_conditions", [{"metric": "x", "operator": ">", "threshold": 1, "window": "1h"}]),
    ("more_conditions", [{"metric": "x", "colour": 1}]), ("more_conditions", 5), ("runbook_url", "x" * 3000),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_file_refuses_what_rest_refuses_in_the_same_words(alice, name, value):
    program = Program(alice)
    by_rest = program.post("rules/", BODY | {name: value}, status=400)
    document = {"version": 1, "source": "t", "rules": [BODY | {"uid": "t", name: value}]}
    by_file = program.post("rules/plan/", {"document": document}, status=400)
    if name != "runbook_url":  # by REST, Django says it first
        assert sorted(by_file.values()) == sorted(by_rest.values())
    assert all(place.startswith(f"rules[0].{name}") for place in by_file)
