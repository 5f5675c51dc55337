"""Rules as code by REST: the same plan and the same doing as by the command, within what one may change."""

import pytest
from django.db import connection

from rules.models import AutomationRule
from tests.api import Program
from tests.rules.rule_cast import rule_of

FILE = """\
version: 1
source: team.yaml
rules:
  - {uid: cpu, name: CPU, metric: cpu, operator: ">", threshold: 90, action: alert}
"""


def names():
    return list(AutomationRule.objects.order_by("rule_name").values_list("rule_name", "provisioned_by"))


def test_a_file_is_planned_then_applied_then_there_is_nothing_to_do(alice):
    program = Program(alice)
    plan = program.post("rules/plan/", {"text": FILE})
    assert (plan["changes"], plan["counts"]["create"], names()) == (1, 1, [])
    done = program.post("rules/apply/", {"text": FILE, "fingerprint": plan["fingerprint"]})
    assert done["items"][0]["kind"] == "create"
    assert (names(), AutomationRule.objects.get().user) == ([("CPU", "team.yaml")], alice)
    assert program.post("rules/plan/", {"text": FILE})["changes"] == 0
    other = program.post("rules/apply/", {"text": FILE, "fingerprint": "0" * 16}, status=409)
    assert "The current plan is" in other["detail"][0]


def test_what_is_exported_is_applied_without_a_difference(alice):
    rule_of(alice, labels={"team": "db"})
    rule_of(alice, rule_name="Other")
    program = Program(alice)
    found = program.get("rules/export/?label=team=db")
    assert len(found["document"]["rules"]) == 1
    both = ({"document": found["document"]}, {"text": found["text"]})
    plans = [program.post("rules/plan/", each | {"source": "team.yaml"}) for each in both]
    assert [[item["changes"] for item in plan["items"]] for plan in plans] == [[[]], [[]]]
    assert plans[0]["counts"]["adopt"] == 1
    assert "uid" in next(iter(program.post("rules/apply/", both[0] | {"source": "team.yaml"}, status=400)))
    program.post("rules/apply/", both[0] | {"source": "team.yaml", "adopt": True})
    assert names() == [("Fusion score too low", "team.yaml"), ("Other", "")]
    assert program.post("rules/release/", {"source": "team.yaml"}) == {"released": 1}
    assert names() == [("Fusion score too low", ""), ("Other", "")]


def test_mistakes_stand_at_their_places(alice):
    wrong = FILE.replace("90", "many").replace("alert", "shout")
    errors = Program(alice).post("rules/plan/", {"text": wrong}, status=400)
    assert "rules[0].threshold" in errors
    for body in ({}, {"text": FILE, "document": {}}, {"text": "a: ["}, {"document": {"rules": 5}}, {"text": 5}):
        Program(alice).post("rules/plan/", body, status=400)
    assert "owner" in Program(alice).post("rules/plan/", {"text": FILE, "owner": "nobody@example.com"}, status=400)


def test_nobody_reaches_the_rules_of_others_by_a_file(alice, bob, audra):
    Program(alice).post("rules/apply/", {"text": FILE})
    theirs = FILE.replace("threshold: 90", "threshold: 10")
    Program(bob).post("rules/apply/", {"text": theirs, "adopt": True}, status=400)
    Program(bob).post("rules/apply/", {"text": "version: 1\nrules: []", "source": "team.yaml", "prune": True})
    assert Program(bob).post("rules/release/", {"source": "team.yaml"}) == {"released": 0}
    assert Program(bob).get("rules/export/")["document"]["rules"] == []
    assert names() == [("CPU", "team.yaml")]
    assert float(AutomationRule.objects.get().threshold_value) == 90
    Program(audra).post("rules/apply/", {"text": FILE}, status=403)


def test_pruning_needs_the_name_of_the_file(alice):
    program = Program(alice)
    program.post("rules/apply/", {"text": FILE})
    for body in ({"text": "version: 1\nrules: []", "source": ""}, {"document": {"version": 1, "rules": []}}):
        for verb in ("plan", "apply"):
            assert "source" in program.post(f"rules/{verb}/", body | {"prune": True}, status=400)
    assert (
        program.post("rules/plan/", {"text": "version: 1\nsource: team.yaml\nrules: []", "prune": True})["changes"] == 1
    )


def test_rules_of_prometheus_come_with_their_report(alice):
    text = 'groups: [{name: g, rules: [{alert: A, expr: cpu > 90}, {alert: B, expr: "irate(x[5m]) > 1"}]}]'
    found = Program(alice).post("rules/import-prometheus/", {"text": text, "source": "hosts.yaml"})
    assert [each["imported"] for each in found["report"]] == [True, False]
    Program(alice).post("rules/apply/", {"text": found["text"]})
    assert names() == [("A", "hosts.yaml")]
    Program(alice).post("rules/import-prometheus/", {"text": "groups: 5"}, status=400)


@pytest.mark.parametrize("threshold", ["NaN", "Infinity", "-Infinity"])
def test_a_threshold_that_is_no_number_is_exported_as_null(alice, threshold):
    rule = rule_of(alice)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE automation_rules SET threshold_value = %s WHERE id = %s", [threshold, rule.pk])
    (entry,) = Program(alice).get("rules/export/")["document"]["rules"]
    assert entry["threshold"] is None


@pytest.mark.parametrize("threshold", ["NaN", "Infinity", "-Infinity"])
def test_a_rule_with_such_a_threshold_has_a_page_and_can_be_paused(client_of, alice, threshold):
    rule = rule_of(alice)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE automation_rules SET threshold_value = %s WHERE id = %s", [threshold, rule.pk])
    for address in ("", "change/", "history/"):
        assert client_of(alice).get(f"/rules/{rule.pk}/{address}").status_code == 200
    client_of(alice).post(f"/rules/{rule.pk}/status/", {"status": "paused"})
    rule.refresh_from_db()
    assert rule.status == "paused"
