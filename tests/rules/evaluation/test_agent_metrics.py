"""Our own failures, as metrics that rules watch."""

from datetime import timedelta

from django.utils import timezone

from notifications.models import Delivery
from rules.evaluation.dispatcher import dispatch
from rules.models import ActivityEntry, RuleState
from smartagent.models import User
from tests.rules.evaluation.test_dispatcher import rule_of
from tests.rules.rule_cast import run_at

MINUTE = timedelta(minutes=1)
KINDS = ("agent_failed_actions", "agent_failed_deliveries", "agent_evaluation_lag_seconds")


def test_rules_fire_on_our_own_failures_whoever_had_them_and_resolve(alice: User, bob: User) -> None:
    now = timezone.now()
    rules = {rule_of(alice, kind, ">=", 1, "log"): kind for kind in KINDS}
    run_at(now - 20 * MINUTE)
    dispatch(now - 20 * MINUTE, "command")
    assert not RuleState.objects.filter(condition="firing").exists()
    late = run_at(now - 8 * MINUTE, late_by=3 * MINUTE)
    for action, status, age in (
        ("alert", "failed", 10), ("alert", "failed", 60), ("none", "failed", 10), ("alert", "success", 10),
        ("alert", "failed", 25 * 60),
    ):  # fmt: skip
        ActivityEntry.objects.create(
            user=bob, run=late, agent_name="smart_agent", event_type="rule_fired", action_taken=action, status=status,
            created_at=now - age * MINUTE,
        )  # fmt: skip
    for status, age in (("dead", 5), ("dead", 60 * 25), ("delivered", 5)):
        Delivery.objects.create(
            user=bob, title="CPU", status=status, settled_at=now - age * MINUTE, expires_at=now,
            created_at=now - 2 * timedelta(days=1),
        )  # fmt: skip
    dispatch(now, "command")
    states = RuleState.objects.select_related("rule")
    assert {rules[state.rule]: (state.condition, state.value) for state in states} == {
        "agent_failed_actions": ("firing", 2), "agent_failed_deliveries": ("firing", 1),
        "agent_evaluation_lag_seconds": ("firing", 180),
    }  # fmt: skip
    run_at(now + MINUTE)
    dispatch(now + timedelta(days=2), "command")
    assert not RuleState.objects.filter(condition="firing").exists()
