"""GET /api/v1/rules and /api/v1/alerts answer as Prometheus does, with what a person may see."""

import pytest
from django.test import Client

from rules.evaluation.dispatcher import dispatch
from rules.models import AutomationRule
from rules.prometheus.exposed import _value
from smartagent.accounts.tokens import issue_token
from tests.rules.evaluation.test_dispatcher import rule_of, sample


@pytest.fixture
def fired(alice, bob, now):
    sample(alice, 15, now)
    rule = rule_of(
        alice, "cpu", ">", 5, "log", labels={"team": "db"}, uid="hosts/cpu/High", provisioned_by="hosts.yaml",
        runbook_url="https://a.example/r",
    )  # fmt: skip
    rule_of(alice, "cpu", ">", 50, "log")
    rule_of(bob, "cpu", ">", 6, "log")
    dispatch(now, "command")
    return rule


def grafana_of(person):
    return Client(headers={"Authorization": f"Bearer {issue_token(person, 'grafana')[1]}"})


def answer(client, path, status=200, **parameters):
    found = client.get(f"/api/v1/{path}", parameters)
    assert found.status_code == status, (parameters, found.content)
    return found.json()["data"] if status == 200 else found.json()


def names(client, **parameters):
    return [rule["name"] for group in answer(client, "rules", **parameters)["groups"] for rule in group["rules"]]


def test_alerts_have_labels_value_and_time(fired, alice, now):
    (alert,) = answer(grafana_of(alice), "alerts")["alerts"]
    assert alert["labels"] == {"alertname": "cpu > 5", "severity": "medium", "team": "db", "person": str(alice)}
    assert (alert["state"], alert["value"], alert["activeAt"][:19]) == ("firing", "1.5e+01", now.isoformat()[:19])
    assert alert["annotations"]["runbook_url"] == "https://a.example/r"


def test_rules_are_in_groups_and_only_those_that_may_be_seen(fired, alice, bob, olga):
    groups = answer(grafana_of(alice), "rules")["groups"]
    assert [(group["file"], group["name"], group["interval"]) for group in groups] == [
        ("hosts.yaml", "hosts/cpu", 300), ("smart-agent", str(alice), 300),
    ]  # fmt: skip
    (rule,) = groups[0]["rules"]
    assert (rule["state"], rule["health"], rule["type"], rule["query"]) == ("firing", "ok", "alerting", "cpu > 5")
    assert (len(rule["alerts"]), rule["labels"]) == (1, {"severity": "medium", "team": "db"})
    assert names(grafana_of(bob)) == ["cpu > 6"]
    assert len(names(grafana_of(olga))) == 3
    AutomationRule.objects.update(status="paused")
    assert answer(grafana_of(olga), "rules") == {"groups": []}


CHOICES = [
    ({"rule_name[]": "cpu > 5"}, 1), ({"file[]": "hosts.yaml"}, 1), ({"rule_group[]": ["hosts/cpu", "x"]}, 1),
    ({"match[]": '{team="db"}'}, 1), ({"match[]": '{team!="db",severity="medium"}'}, 1), ({"match[]": "{}"}, 2),
    ({"match[]": '{team=~"d."}'}, 1), ({"match[]": '{team!~"d."}'}, 1), ({"match[]": '{team=~"d"}'}, 0),
    ({"match[]": ['{team="x"}', '{alertname=~"cpu > 5.*"}']}, 2), ({"match[]": '{alertname!~".*0",team=~".+"}'}, 1),
    ({"type": "alert"}, 2), ({"type": "record"}, 0),
]  # fmt: skip


def test_parameters_choose_rules(fired, alice):
    client = grafana_of(alice)
    assert [(chosen, len(names(client, **chosen))) for chosen, _ in CHOICES] == CHOICES


WRONG = [
    {"match[]": '{a=~"b("}'}, {"match[]": '{a=~"b{2000}"}'}, {"match[]": "{"}, {"match[]": "up[5m]"}, {"match[]": ""},
    {"match[]": '{a="b" or c="d"}'}, {"match[]": "up offset 5m"}, {"match[]": "(" * 3000},
    {"match[]": "\x00{a='\ud7ff'"}, {"match[]": "{" + 'a!="b",' * 101 + "}"}, {"type": "x"}, {"group_limit": "0"},
    {"group_limit": "9" * 30}, {"group_limit": "²"}, {"group_next_token": "a"},
    {"group_next_token": "a", "group_limit": "1"}, {"nothing": "1"}, {"exclude_alerts": "yes"},
    {"rule_name[]": ["a"] * 51},
]  # fmt: skip


def test_what_is_wrong_is_said_as_prometheus_says_it(alice):
    client = grafana_of(alice)
    for parameters in WRONG:
        found = answer(client, "rules", 400, **parameters)
        assert (found["status"], found["errorType"], bool(found["error"])) == ("error", "bad_data", True), parameters


def test_groups_are_answered_page_by_page(fired, olga):
    client = grafana_of(olga)
    everything = answer(client, "rules")
    assert "groupNextToken" not in everything
    first = answer(client, "rules", group_limit="2")
    last = answer(client, "rules", group_limit="2", group_next_token=first["groupNextToken"])
    assert first["groups"] + last["groups"] == everything["groups"]
    assert (len(first["groups"]), len(last["groups"]), "groupNextToken" in last) == (2, 1, False)


def test_alerts_that_are_left_out_are_warned_of(fired, alice, monkeypatch):
    monkeypatch.setattr("rules.api.prometheus_choice.MAX_ALERTS", 0)
    client = grafana_of(alice)
    rules, alerts, without = (
        client.get(f"/api/v1/{path}").json() for path in ("rules", "alerts", "rules?exclude_alerts=true")
    )
    assert rules["warnings"] == alerts["warnings"] == ["Only the newest 0 of 1 alerts are in this answer."]
    shown = [rule for group in rules["data"]["groups"] for rule in group["rules"]]
    assert [(rule["state"], rule["alerts"]) for rule in shown] == [("firing", []), ("inactive", [])]
    assert without == {"status": "success", "data": rules["data"]}


def test_nobody_is_refused(client, db):
    for path in ("rules", "alerts"):
        found = client.get(f"/api/v1/{path}")
        assert (found.status_code, found.json()["status"]) == (401, "error")


@pytest.mark.parametrize(("value", "shown"), [
    (0, "0e+00"), (15.0, "1.5e+01"), (-0.00012, "-1.2e-04"), (None, "NaN"), (1e300, "1e+300"), (float("nan"), "NaN"),
    (float("-inf"), "-Inf"),
])  # fmt: skip
def test_values_look_as_go_writes_them(value, shown):
    assert _value(value) == shown
