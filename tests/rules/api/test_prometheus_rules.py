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


def answer(person, path, status=200, **parameters):
    headers = {"Authorization": f"Bearer {issue_token(person, 'grafana')[1]}"}
    found = Client().get(f"/api/v1/{path}", parameters, headers=headers)
    assert found.status_code == status, found.content
    return found.json()["data"] if status == 200 else found.json()


def names(person, **parameters):
    return [rule["name"] for group in answer(person, "rules", **parameters)["groups"] for rule in group["rules"]]


def test_alerts_have_labels_value_and_time(fired, alice, now):
    (alert,) = answer(alice, "alerts")["alerts"]
    assert alert["labels"] == {"alertname": "cpu > 5", "severity": "medium", "team": "db", "person": str(alice)}
    assert (alert["state"], alert["value"], alert["activeAt"][:19]) == ("firing", "1.5e+01", now.isoformat()[:19])
    assert alert["annotations"]["runbook_url"] == "https://a.example/r"


def test_rules_are_in_groups_and_only_those_that_may_be_seen(fired, alice, bob, olga):
    groups = answer(alice, "rules")["groups"]
    assert [(group["file"], group["name"], group["interval"]) for group in groups] == [
        ("hosts.yaml", "hosts/cpu", 300), ("smart-agent", str(alice), 300),
    ]  # fmt: skip
    (rule,) = groups[0]["rules"]
    assert (rule["state"], rule["health"], rule["type"], rule["query"]) == ("firing", "ok", "alerting", "cpu > 5")
    assert (len(rule["alerts"]), rule["labels"]) == (1, {"severity": "medium", "team": "db"})
    assert names(bob) == ["cpu > 6"]
    assert len(names(olga)) == 3
    AutomationRule.objects.update(status="paused")
    assert answer(olga, "rules") == {"groups": []}


@pytest.mark.parametrize(("parameters", "count"), [
    ({"rule_name[]": "cpu > 5"}, 1), ({"file[]": "hosts.yaml"}, 1), ({"rule_group[]": ["hosts/cpu", "x"]}, 1),
    ({"match[]": '{team="db"}'}, 1), ({"match[]": '{team!="db",severity="medium"}'}, 1),
    ({"type": "alert"}, 2), ({"type": "record"}, 0),
])  # fmt: skip
def test_filters(fired, alice, parameters, count):
    assert len(names(alice, **parameters)) == count


@pytest.mark.parametrize("parameters", [
    {"match[]": '{a=~"b"}'}, {"match[]": "{"}, {"type": "x"}, {"nothing": "1"}, {"exclude_alerts": "yes"},
    {"rule_name[]": ["a"] * 51},
])  # fmt: skip
def test_what_is_wrong_is_said_as_prometheus_says_it(alice, parameters):
    found = answer(alice, "rules", 400, **parameters)
    assert (found["status"], found["errorType"], bool(found["error"])) == ("error", "bad_data", True)


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
