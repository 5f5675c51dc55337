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
    ("action", "allert", 9, "Is alert meant?"), ("action", "'x\\ud800'", 9, "There are"),
    ("operator", "'>>'", 7, "operator"), ("severity", "urgent", 11, "none of these"),
    ("status", "on", 11, "none of these"), ("applies_to", "all", 11, "none of these"),
    ("no_data_policy", "alert", 11, "none of these"), ("error_policy", "[keep]", 11, "none of these"),
    ("reducer", "{avg: 1}", 11, "none of these"), ("match", "some", 11, "none of these"), ("metric", "5", 6, "text"),
    ("colour", "red", 11, "no such field"), ("window", "9999999999d", 11, "too long"),
    ("pending_for", "9999999999d", 11, "too long"), ("threshold", "1e1000000", 8, "larger"),
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
