"""Many rules bulk edit: the preview says what is done, and nothing else is written."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from rules.lifecycle.bulk_edit import STALE, Edit, edit_together, edited
from rules.models import AutomationRule, RuleState
from tests.api import Program
from tests.rules.rule_cast import rule_of, state_of

LIST = "/rules/"


@pytest.fixture
def three(alice):
    """Three rules on the CPU at 80, 90 and 95."""
    cpu = {"metric_type": "cpu", "condition_operator": ">"}
    return [rule_of(alice, **cpu, rule_name=f"CPU {n}", threshold_value=n, labels={"n": str(n)}) for n in (80, 90, 95)]


def rules():
    return AutomationRule.objects.all()


def values(name):
    return list(rules().order_by("rule_name").values_list(name, flat=True))


def post(client, some, step, **fields):
    chosen = {"action": "edit_together", "_selected_action": [str(rule.pk) for rule in some], "step": step}
    answer = client.post(LIST, chosen | fields)
    return " ".join(answer.content.decode().split()) if answer.status_code == 200 else answer


def seen():
    return timezone.now().isoformat()


def test_only_the_chosen_fields_are_written_each_as_a_version(alice, three):
    AutomationRule.objects.filter(pk=three[0].pk).update(description="Written meanwhile")
    edit = Edit(values={"severity": "critical"}, put={"team": "db"}, taken=("n",))
    done = edit_together(rules(), edit, alice, timezone.now())
    assert values("severity") == ["critical"] * 3
    assert values("labels") == [{"team": "db"}] * 3
    assert values("description")[0] == "Written meanwhile"
    assert [change.name for change in done[0].changes] == ["severity", "labels: n", "labels: team"]
    newest = three[1].history.first()
    assert (newest.severity, newest.history_user, newest.history_change_reason) == (
        "critical", alice, "bulk edit",
    )  # fmt: skip


def test_the_preview_is_what_is_done_and_writes_nothing(alice, three):
    edit = Edit(percent=Decimal("-10"), values={"recovery_threshold": Decimal(70)})
    before = list(rules().values())
    changes = [(one.before.pk, one.changes, one.refused) for one in edited(rules().order_by("rule_name"), edit)]
    assert list(rules().values()) == before
    done = edit_together(rules(), edit, alice, timezone.now())
    assert changes == [(one.before.pk, one.changes, one.refused) for one in done]
    assert values("threshold_value") == [72, 81, Decimal("85.5")]


def test_rules_that_would_not_be_sound_and_those_of_a_file_are_left(alice, three):
    AutomationRule.objects.filter(pk=three[2].pk).update(provisioned_by="team.yaml")
    done = edit_together(rules(), Edit(values={"recovery_threshold": Decimal(85)}), alice, timezone.now())
    assert [list(one.refused) for one in done] == [["recovery_threshold"], [], ["rule"]]
    assert values("recovery_threshold") == [None, 85, None]
    edit_together(rules(), Edit(values={"status": "paused"}), alice, timezone.now())
    assert values("status") == ["paused"] * 3  # also that of the file


def test_what_was_wrong_before_does_not_stop_another_change(alice):
    rule_of(alice, threshold_value=700)  # no fusion score is
    edit_together(rules(), Edit(values={"severity": "low"}), alice, timezone.now())
    assert values("severity") == ["low"]


def test_a_rule_that_was_changed_since_the_preview_is_left_and_named(alice, three):
    looked = timezone.now()
    AutomationRule.objects.filter(pk=three[0].pk).update(severity="low", updated_at=looked + timedelta(seconds=1))
    done = edit_together(rules(), Edit(values={"severity": "critical"}), alice, timezone.now(), seen=looked)
    assert [one.refused for one in done] == [{"rule": [STALE]}, {}, {}]
    assert values("severity") == ["low", "critical", "critical"]


def test_a_draft_that_is_published_so_begins_anew(alice):
    draft = rule_of(alice, status="draft")
    state_of(draft, timezone.now())
    edit_together(rules(), Edit(values={"status": "active"}), alice, timezone.now())
    assert not RuleState.objects.exists()


def test_the_page_asks_shows_before_and_after_and_does_it(client_of, alice, three):
    client = client_of(alice)
    assert "Bulk edit: 3 rules" in post(client, three, "")
    shown = post(client, three, "preview", severity="critical", threshold_value="+10%")
    assert "3 rules would change." in shown
    assert "threshold: <del>80</del> → <ins>88</ins>" in shown
    assert values("severity") == ["high"] * 3
    answer = post(client, three, "apply", severity="critical", threshold_value="+10%", seen=seen())
    assert answer.status_code == 302
    assert values("threshold_value") == [88, 99, Decimal("104.5")]


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({}, "No changes given."),
        ({"threshold_value": "many"}, "Not a number."),
        ({"pending_for": "soon"}, "is not a duration"),
        ({"runbook_url": "wiki"}, "Invalid URL"),
        ({"put": "team"}, "is not a label"),
        ({"severity": "loud"}, "Select a valid choice"),
    ],
)
def test_what_cannot_be_read_is_said_at_its_field(client_of, alice, three, fields, says):
    assert says in post(client_of(alice), three, "preview", **fields)


def test_an_apply_without_a_preview_changes_nothing(client_of, alice, three):
    for looked in ("", "soon", "2026-01-01"):
        assert "skipped" in post(client_of(alice), three, "apply", severity="low", seen=looked)
    assert values("severity") == ["high"] * 3


def test_others_rules_are_not_reached(client_of, bob, three):
    post(client_of(bob), three, "apply", severity="low", seen=seen())
    assert values("severity") == ["high"] * 3


def test_thresholds_and_runbooks_are_taken_away(client_of, alice, three):
    rules().update(critical_threshold=99, runbook_url="https://example.com/")
    post(client_of(alice), three, "apply", critical_threshold="-", runbook_url="-", seen=seen())
    assert values("critical_threshold") == [None] * 3
    assert values("runbook_url") == [None] * 3


def test_queries_do_not_grow_with_the_rules(alice, django_assert_max_num_queries):
    for number in range(60):
        rule_of(alice, rule_name=str(number))
    with django_assert_max_num_queries(10):
        edit_together(rules(), Edit(values={"severity": "low"}), alice, timezone.now())


def test_by_rest(alice, bob, three):
    body = {"rules": [str(rule.pk) for rule in three], "values": {"severity": "critical", "pending_for": "2 checks"}}
    dry = Program(alice).post("rules/bulk-edit/", body | {"dry_run": True})
    assert (len(dry["changed"]), values("severity")) == (3, ["high"] * 3)
    first = dry["changed"][0]["changes"][0]
    assert (first["field"], first["old"], first["new"]) == ("severity", "High", "Critical")
    done = Program(alice).post("rules/bulk-edit/", body)
    assert done["changed"] == dry["changed"]
    assert values("pending_for") == [timedelta(minutes=10)] * 3
    assert len(Program(alice).post("rules/bulk-edit/", body)["unchanged"]) == 3
    assert len(Program(bob).post("rules/bulk-edit/", body)["unknown"]) == 3
    for wrong in (
        {"values": {}},
        {"values": {"severity": "loud"}},
        {"put_labels": {"team": 5}},
        {"values": {"user": 1}},
    ):
        Program(alice).post("rules/bulk-edit/", {"rules": body["rules"]} | wrong, status=400)


def test_thresholds_are_changed_in_percent_by_rest(alice, three):
    body = {"rules": [str(rule.pk) for rule in three], "percent": -10}
    dry = Program(alice).post("rules/bulk-edit/", body | {"dry_run": True})
    assert values("threshold_value") == [80, 90, 95]
    done = Program(alice).post("rules/bulk-edit/", body | {"values": {"severity": "low"}})
    assert values("threshold_value") == [72, 81, Decimal("85.5")]
    assert values("severity") == ["low"] * 3
    assert (len(dry["changed"]), len(done["changed"])) == (3, 3)
    for wrong in ({"percent": "10"}, {"percent": 10**6}, {"values": {"threshold_value": 5}}):
        assert list(Program(alice).post("rules/bulk-edit/", body | wrong, status=400)) == ["percent"]
