"""The legacy functions do their work by our own code, and answer as they did."""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from notifications.models import Notification
from optimizer.models import OptimizationEvent
from rules.evaluation import dispatcher
from rules.models import DispatchRun
from tests.notifications.outside import channel_of
from tests.rules.evaluation.test_dispatcher import rule_of, sample
from tests.smartagent.legacy_api.conftest import token

NOTIFY, OPTIMIZE = "/functions/v1/core_notifications_gateway", "/functions/v1/fusion_live_optimizer"
DISPATCH = "/functions/v1/ai_agent_dispatcher"


def message(person, **changes):
    return {"user_id": str(person.pk), "type": "warning", "title": "Disk", "message": "Almost full"} | changes


def low_score(person, **changes):
    body = {"user_id": str(person.pk), "metric_type": "fusion_score", "metric_value": 50, "threshold_value": "70"}
    return body | changes


def test_a_notification_is_in_the_inbox_and_on_its_way(alice, call):
    channel_of(alice, name="hook", url="https://example.com/")
    rule = rule_of(alice, "cpu", ">", 5, "log")
    body = message(alice, rule_id=str(rule.pk), action_url="/rules/", metadata={"host": "a"}, extra=1)
    answer = call(NOTIFY, token(sub=alice.pk), body)
    assert answer["success"] is True
    kept = Notification.objects.get()
    assert (kept.user, kept.rule, kept.severity, kept.metadata) == (alice, rule, "medium", {"host": "a"})
    assert (
        answer["notification"]
        | {
            "id": str(kept.pk),
            "severity": "medium",
            "status": "unread",
            "is_read": False,
            "user_id": str(alice.pk),
            "rule_id": str(rule.pk),
        }
        == answer["notification"]
    )
    assert kept.deliveries.count() == 1


@pytest.mark.parametrize(
    ("kind", "severity"), [("alert", "high"), ("error", "high"), ("success", "low"), ("info", "low")]
)
def test_the_usual_severity(alice, call, kind, severity):
    answer = call(NOTIFY, token("service_role"), message(alice, type=kind, severity=None))
    assert answer["notification"]["severity"] == severity


@pytest.mark.parametrize(("changes", "error"), [
    ({"user_id": None}, "user_id: This field is required."), ({"title": ""}, "title: This field is required."),
    ({"type": "shout"}, "“shout” is not one of"), ({"severity": "worst"}, "is not one of"),
    ({"user_id": "alice"}, "user_id: "), ({"user_id": 7}, "user_id: "), ({"rule_id": str(uuid.uuid4())}, "rule_id: "),
    ({"title": "a\0"}, "title: "), ({"title": ["a"]}, "title: "), ({"title": "x" * 1001}, "title: "),
    ({"message": "\ud800"}, "message: "), ({"action_url": "javascript:alert(1)"}, "action_url: "),
    ({"action_url": "//evil.example"}, "action_url: "), ({"metadata": [1]}, "metadata: "),
    ({"metadata": {"a": "\0"}}, "metadata: "), ({"metadata": {"a": "x" * 200_000}}, "metadata: "),
])  # fmt: skip
def test_what_is_wrong_with_a_notification(alice, call, changes, error):
    assert error in call(NOTIFY, token(sub=alice.pk), message(alice, **changes), 400)["error"]
    assert not Notification.objects.exists()


@pytest.mark.parametrize("body", ["{", "[]", "7", "null", '"x"', b"\xff", '{"a": NaN}', "[" * 5000])
def test_what_is_no_body(alice, call, body):
    assert set(call(NOTIFY, token(sub=alice.pk), body, 400)) == {"error"}


def test_one_acts_for_oneself(alice, bob, olga, audra, call):
    for path, body in [(NOTIFY, message(alice)), (OPTIMIZE, low_score(alice))]:
        assert set(call(path, token(sub=bob.pk), body, 403)) == {"error"}
        call(path, token(sub=audra.pk), body, 403)
        call(path, token("anon"), body, 403)
        call(path, None, body, 401)
        call(path, token("service_role"), body | {"user_id": str(uuid.uuid4())}, 404)
        call(path, token("service_role"), body)
        call(path, token(sub=olga.pk), body, 403)
    hidden = rule_of(alice, "cpu", ">", 5, "log")
    assert "No rule" in call(NOTIFY, token(sub=bob.pk), message(bob, rule_id=str(hidden.pk)), 400)["error"]


def test_an_optimization_is_proposed(alice, call):
    answer = call(OPTIMIZE, token(sub=alice.pk), low_score(alice))
    event = OptimizationEvent.objects.get()
    assert answer == {
        "success": True, "optimization_event_id": str(event.pk), "strategy": event.strategy,
        "recommended_actions": event.recommended_actions, "message": f"Optimization proposed: {event.reason}",
    }  # fmt: skip
    assert (event.before["value"], event.before["threshold"], event.operator) == (50, 70, "<")
    assert (event.optimization_action, event.requested_by, event.status) == ("auto", alice, "proposed")
    again = call(OPTIMIZE, token("service_role"), low_score(alice))
    assert (again["optimization_event_id"], again["message"]) == (
        str(event.pk), "An optimization is already proposed.",
    )  # fmt: skip


@pytest.mark.parametrize(("changes", "error"), [
    ({"metric_value": None}, "metric_value: This field is required."), ({"metric_value": "low"}, "metric_value: "),
    ({"threshold_value": "NaN"}, "threshold_value: "), ({"threshold_value": True}, "threshold_value: "),
    ({"metric_value": 10**400}, "metric_value: "), ({"metric_type": "a b"}, "metric_type: "),
    ({"optimization_type": "now"}, "optimization_type: "), ({"target_metric": 7}, "target_metric: "),
])  # fmt: skip
def test_what_is_wrong_with_a_request(alice, call, changes, error):
    assert error in call(OPTIMIZE, token(sub=alice.pk), low_score(alice, **changes), 400)["error"]


def test_rules_are_evaluated_and_each_has_its_result(alice, bob, call):
    sample(alice, 15, timezone.now() - timedelta(minutes=1))
    rules = {
        name: rule_of(alice, metric, ">", threshold, action)
        for name, metric, threshold, action in [
            ("fires", "cpu", 5, "notify"), ("holds", "cpu", 50, "notify"), ("lacks", "other", 5, "log"),
        ]
    }  # fmt: skip
    other = rule_of(bob, "cpu", ">", 6, "log")
    answer = call(DISPATCH, token(sub=alice.pk))
    assert (answer["status"], answer["rules_evaluated"], answer["actions_triggered"]) == ("success", 3, 1)
    found = {result["rule_id"]: result for result in answer["results"]}
    fired = found[str(rules["fires"].pk)]
    assert (fired["triggered"], fired["action_result"]["success"]) == (True, True)
    assert fired["action_result"]["details"]["notification"] == str(Notification.objects.get().pk)
    assert found[str(rules["holds"].pk)] == {
        "rule_id": str(rules["holds"].pk), "rule_name": "cpu > 50", "triggered": False, "reason": "Condition not met.",
    }  # fmt: skip
    assert found[str(rules["lacks"].pk)]["reason"] == "No data."
    assert str(other.pk) not in found
    again = call(DISPATCH, token("service_role"))
    reasons = {result["rule_id"]: result.get("reason") for result in again["results"]}
    assert (len(reasons), reasons[str(rules["fires"].pk)]) == (4, "Already firing.")
    run = DispatchRun.objects.order_by("started_at").first()
    assert (run.trigger, run.requested_by) == ("api", alice)


def test_another_evaluation_is_said(alice, call, another_dispatcher):
    assert "Another evaluation" in call(DISPATCH, token("service_role"), None, 409)["error"]


def test_what_breaks_is_said_without_its_secrets(alice, call, monkeypatch):
    monkeypatch.setattr(dispatcher, "_evaluate", lambda *_: 1 / 0)
    answer = call(DISPATCH, token("service_role"), None, 500)
    assert answer["error"] == "Internal server error"
    assert "ZeroDivision" not in answer["details"]


def test_functions_that_there_are_not(alice, call):
    assert "core_notifications_gateway" in call("/functions/v1/x/y", token("service_role"), None, 404)["error"]
    assert set(call(NOTIFY, token("service_role"), None, 405, "get")) == {"error"}
    assert call(NOTIFY, None, None, 200, "options") == "ok"
