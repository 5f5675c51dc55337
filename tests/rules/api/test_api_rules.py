"""Rules by REST."""

import uuid

import pytest

from rules.models import AutomationRule
from tests.api import Program

RULE = {
    "rule_name": "Low", "metric_type": "fusion_score", "condition_operator": "<", "threshold_value": 70,
    "action_type": "alert", "action_config": {"title": "Look"}, "severity": "high", "repeat_every": "1d 12h",
}  # fmt: skip


def rule_of(user, **fields):
    return AutomationRule.objects.create(user=user, **{k: v for k, v in RULE.items() if k != "repeat_every"} | fields)


def test_a_rule_is_made_read_changed_and_deleted(alice):
    program = Program(alice)
    made = program.post("rules/", RULE, status=201)
    assert made | RULE == made
    assert (made["user"], made["status"], made["trigger_count"]) == (str(alice.pk), "active", 0)
    assert program.get(f"rules/{made['id']}/") == made
    assert program.get("rules/") == {"next": None, "previous": None, "results": [made]}

    changed = program.patch(f"rules/{made['id']}/", {"threshold_value": 65.5})
    assert changed["sentence"] == made["sentence"].replace("below 70", "below 65.5")
    others = {name: changed[name] for name in ("updated_at", "sentence")}
    assert changed == made | {"threshold_value": 65.5} | others
    rewritten = program.put(f"rules/{made['id']}/", RULE | {"rule_name": "Lower"})
    assert rewritten["rule_name"] == "Lower"
    assert program.put(f"rules/{made['id']}/", rewritten)["rule_name"] == "Lower"  # what was read can be sent back

    program.delete(f"rules/{made['id']}/", status=204)
    program.get(f"rules/{made['id']}/", status=404)


def test_every_change_is_a_version_in_the_history_by_whom_it_was(alice, olga):
    made = Program(alice).post("rules/", RULE, status=201)
    Program(olga).patch(f"rules/{made['id']}/", {"threshold_value": 60})
    Program(alice).put(f"rules/{made['id']}/", RULE)
    Program(alice).post(f"rules/{made['id']}/pause/")
    versions = AutomationRule.history.filter(id=made["id"]).order_by("history_date")
    assert [(v.history_type, float(v.threshold_value), v.status) for v in versions] == [
        ("+", 70, "active"), ("~", 60, "active"), ("~", 70, "active"), ("~", 70, "paused"),
    ]  # fmt: skip
    assert [v.history_user for v in versions] == [alice, olga, alice, alice]


def test_a_change_leaves_alone_what_a_tick_counts_meanwhile(alice, monkeypatch):
    rule = rule_of(alice)
    save = AutomationRule.save

    def tick_then_save(self, *args, **kwargs):
        AutomationRule.objects.filter(pk=self.pk).update(trigger_count=7)
        save(self, *args, **kwargs)

    monkeypatch.setattr(AutomationRule, "save", tick_then_save)
    Program(alice).patch(f"rules/{rule.pk}/", {"rule_name": "New", "trigger_count": 99})
    rule.refresh_from_db()
    assert (rule.rule_name, rule.trigger_count) == ("New", 7)


def test_pause_and_activate(alice):
    rule = rule_of(alice)
    program = Program(alice)
    assert program.post(f"rules/{rule.pk}/pause/")["status"] == "paused"
    assert program.post(f"rules/{rule.pk}/pause/")["status"] == "paused"
    assert program.post(f"rules/{rule.pk}/activate/")["status"] == "active"


@pytest.mark.parametrize(("method", "suffix"), [
    ("get", ""), ("put", ""), ("patch", ""), ("delete", ""), ("post", "pause/"), ("post", "activate/"),
])  # fmt: skip
def test_bob_gets_404_for_alices_rule(alice, bob, method, suffix):
    rule = rule_of(alice)
    body = {} if method == "patch" else RULE if method == "put" else None
    error = getattr(Program(bob), method)(f"rules/{rule.pk}/{suffix}", body, status=404)
    assert error == {"detail": ["Not found, or you do not have access."]}
    assert Program(bob).get("rules/")["results"] == []
    rule.refresh_from_db()
    assert rule.status == "active"


def test_an_operator_sees_and_changes_everyones_and_makes_rules_for_others(alice, olga):
    rule = rule_of(alice)
    program = Program(olga)
    assert program.patch(f"rules/{rule.pk}/", {"severity": "low"})["severity"] == "low"
    assert program.post("rules/", RULE | {"user": "ALICE@example.com"}, status=201)["user"] == str(alice.pk)
    assert program.post("rules/", RULE | {"applies_to": "everyone"}, status=201)["user"] == str(olga.pk)
    nobody = str(uuid.uuid4())
    error = program.post("rules/", RULE | {"user": nobody}, status=400)
    assert error == {"user": [f"No person with the ID or e-mail address “{nobody}”."]}


def test_an_auditor_reads_everyones_and_changes_nothing(alice, audra):
    rule = rule_of(alice)
    program = Program(audra)
    assert program.get(f"rules/{rule.pk}/")["rule_name"] == "Low"
    for method, address in [("post", "rules/"), ("patch", f"rules/{rule.pk}/"), ("post", f"rules/{rule.pk}/pause/")]:
        error = getattr(program, method)(address, {}, status=403)
        assert error == {"detail": ["Your roles do not allow this. Ask an administrator."]}


WRONG_CHANGES = [
    ({"treshold_value": 3}, "treshold_value", "Unknown field. Valid fields: rule_name, user"),
    ({"threshold_value": "70"}, "threshold_value", "Enter a number, for example 70 or 99.5; without quotes."),
    ({"threshold_value": True}, "threshold_value", "Enter a number"),
    ({"threshold_value": 170}, "threshold_value", "never above 100"),
    ({"threshold_value": 1e25, "metric_type": "cpu"}, "threshold_value", "At most 20 digits before the decimal point"),
    ({"rule_name": 7}, "rule_name", "Not a valid string."),
    ({"rule_name": "a\x00"}, "rule_name", "characters that cannot be stored"),
    ({"metric_type": "CPU load"}, "metric_type", "not a metric name"),
    ({"condition_operator": "=>"}, "condition_operator", "“=>” is not one of: <, <=, >, >=, =, !=."),
    ({"action_type": "explode"}, "action_type", "“explode” is not one of: alert, notify, optimize, adjust, log."),
    ({"action_config": {"titel": "x"}}, "action_config.titel", "Known options: title, message"),
    ({"action_config": {"runbook_url": "x"}}, "action_config.runbook_url", "Unknown option of action"),
    ({"action_config": {"title": "x" * 201}}, "action_config.title", "at most 200 characters"),
    ({"action_config": []}, "action_config", "Use an object"),
    ({"labels": {"team": "\x00"}}, "labels", "cannot be stored"),
    ({"repeat_every": "4 hours"}, "repeat_every", "“4 hours” is not a duration. Example: 30m, 4h"),
    ({"repeat_every": 4}, "repeat_every", "Enter a duration as text"),
    ({"runbook_url": "nowhere"}, "runbook_url", "Enter a valid URL."),
    ({"user": "bob@example.com"}, "user", "Only operators and administrators can set another owner"),
    ({"applies_to": "everyone"}, "applies_to", "Only operators can create rules that watch everyone"),
]  # fmt: skip


def test_what_is_wrong_is_said_beside_the_field(alice):
    program = Program(alice)
    made = program.post("rules/", RULE, status=201)
    for change, field, message in WRONG_CHANGES:
        for error in (
            program.post("rules/", RULE | change, status=400),
            program.patch(f"rules/{made['id']}/", change, status=400),
        ):
            assert list(error) == [field], change
            assert message in error[field][0], change
    assert AutomationRule.objects.get().history.count() == 1


def test_a_missing_field_is_named(alice):
    error = Program(alice).post("rules/", {"rule_name": "x"}, status=400)
    assert set(error) == {"metric_type", "condition_operator", "threshold_value", "action_type"}


def test_rules_are_filtered_and_ordered(alice):
    rule_of(alice, rule_name="A", status="paused")
    rule_of(alice, rule_name="B", metric_type="cpu")
    program = Program(alice)

    def names(query):
        return [rule["rule_name"] for rule in program.get(f"rules/?{query}")["results"]]

    assert names("status=paused") == ["A"]
    assert names("metric=cpu") == ["B"]
    assert names("ordering=-rule_name") == ["B", "A"]
    assert program.get("rules/?status=sleeping", status=400) == {
        "status": ["“sleeping” is not one of: active, paused, disabled, draft."]
    }
    assert "Unknown parameter" in program.get("rules/?state=active", status=400)["state"][0]
    assert "Empty value" in program.get("rules/?status=", status=400)["status"][0]
    assert (
        "“name” is not a valid ordering. Use one of: rule_name"
        in program.get("rules/?ordering=name", status=400)["ordering"][0]
    )


def test_the_number_of_queries_does_not_grow(alice, django_assert_num_queries):
    program = Program(alice)
    for count in (1, 9):
        for _ in range(count):
            rule_of(alice)
        with django_assert_num_queries(6):  # session, person, two for permissions, rules, names of people
            program.get("rules/")
