"""A row that a client of the old application writes stops nobody else's rules, pages or messages."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from notifications.models import Notification
from rules.evaluation.dispatcher import dispatch
from rules.models import AutomationRule, RuleState
from smartagent.models import User
from tests.api import Program
from tests.legacy.clients import client
from tests.legacy.people import ALICE, BEN, CAROL
from tests.legacy.test_attacks import RULE, taken_over
from tests.smartagent.adoption.conftest import run

__all__ = ["taken_over"]
NUMBER = f'{{"severity": {"9" * 5000}}}'
DEEP = f'{{"severity": {"[" * 3000}{"]" * 3000}}}'
ODD = {"a number of 5,000 digits": NUMBER, "3,000 levels": DEEP, "no object": "[1]", "null": "null"}
ENTRY = "user_id, agent_name, event_type, action_taken"
OPTIMIZATION = "source_event_type, optimization_action"
PAGES = (
    "rules_automationrule", "rules_activityentry", "rules_integration", "rules_rulestate", "notifications_notification",
    "optimizer_optimizationevent",
)  # fmt: skip
TABLES = {
    "automation_rules": f"({RULE}) VALUES ('{BEN}', 'r', 'cpu', '>', 1, 'alert', %s)",
    "agent_activity_log": f"({ENTRY}, context) VALUES ('{BEN}', 'a', 'b', 'c', %s)",
    "notifications": f"(user_id, type, title, message, metadata) VALUES ('{BEN}', 'info', 't', 'm', %s)",
    "integrations": f"(user_id, integration_type, config) VALUES ('{BEN}', 'trello', %s)",
    "fusion_optimization_events": f"({OPTIMIZATION}, parameter_delta) VALUES ('drift', 'pre_tune', %s)",
    "fusion_audit_log": f"(user_id, event_type, weight_changes) VALUES ('{BEN}', 'email_failed', %s)",
}
MINE = f"'{BEN}', 'r', 'fusion_score', '<'"
ROWS = {
    "a rule of no time": f"automation_rules ({RULE}, created_at, last_triggered_at) "
    f"VALUES ({MINE}, 101, 'alert', '{{}}', '-infinity', 'infinity')",
    "a rule of the year 99999": f"automation_rules ({RULE}, created_at, last_triggered_at) "
    f"VALUES ({MINE}, 101, 'alert', '{{}}', '4000-01-01 BC', '99999-01-01')",
    "a threshold of 100,000 digits": f"automation_rules ({RULE}) "
    f"VALUES ({MINE}, ('1' || repeat('0', 100000))::numeric, 'alert', '{{}}')",
    "a target of 1 MB": f"automation_rules ({RULE}, target_integration) "
    f"VALUES ('{BEN}', 'r', 'integration_health', '<', 101, 'alert', '{{}}', repeat('t', 1000000))",
    "an option of 20 MB": f"automation_rules ({RULE}) "
    f"VALUES ({MINE}, 101, 'alert', jsonb_build_object('message', repeat('x', 20000000)))",
    "an entry": f"agent_activity_log ({ENTRY}, created_at) VALUES ('{BEN}', 'a', 'b', 'c', 'infinity')",
    "a notification": f"notifications (user_id, type, title, message, created_at) "
    f"VALUES ('{BEN}', 'info', 't', 'm', 'infinity')",
    "an optimization": f"fusion_optimization_events ({OPTIMIZATION}, created_at) "
    "VALUES ('drift', 'pre_tune', '-infinity')",
    "an audit event": "fusion_audit_log (user_id, event_type, created_at) "
    f"VALUES ('{BEN}', 'email_failed', 'infinity')",
    "an integration": f"integrations (user_id, integration_type, last_sync_at) VALUES ('{BEN}', 'trello', 'infinity')",
    "a score": f"fusion_score_history (user_id, fusion_score, recorded_at) VALUES ('{BEN}', 5, 'infinity')",
}


@pytest.mark.parametrize("what", ODD)
@pytest.mark.parametrize("table", TABLES)
def test_odd_json_stops_nobody(taken_over: None, table: str, what: str) -> None:
    AutomationRule.objects.filter(user=ALICE).update(status="active")
    with client("authenticated", BEN):
        run(f"INSERT INTO {table} {TABLES[table]}".replace("%s", f"'{ODD[what]}'"))
    all_goes_on()


@pytest.mark.parametrize("what", ROWS)
def test_times_numbers_and_texts_beyond_all_bounds_stop_nobody(taken_over: None, what: str) -> None:
    AutomationRule.objects.filter(user=ALICE).update(status="active")
    with client("authenticated", BEN):
        run(f"INSERT INTO {ROWS[what]}")
    all_goes_on()


def test_a_rule_whose_target_is_too_long_says_so(taken_over: None) -> None:
    with client("authenticated", BEN):
        run(f"INSERT INTO {ROWS['a target of 1 MB']}")
    for _ in range(2):
        dispatch(timezone.now(), "command")
    state = RuleState.objects.get(user=BEN, rule__rule_name="r")
    assert (state.condition, "The target has more than 200 characters." in state.reason) == ("error", True)


def all_goes_on() -> None:
    """Alice's rule fires, and whoever sees everything sees it."""
    done = dispatch(timezone.now(), "command")
    assert done.outcome == "completed", done.error_message
    assert Notification.objects.filter(user=ALICE, rule__isnull=False).exists()
    carol = User.objects.get(pk=CAROL)
    browser = Client()
    browser.force_login(carol)
    for name in PAGES:
        assert browser.get(reverse(f"admin:{name}_changelist")).status_code == 200, name
    assert browser.get("/").status_code == 200
    for path in ("rules/", "activity/", "notifications/", "integrations/", "optimizations/"):
        assert Program(carol).get(path)["results"] is not None
