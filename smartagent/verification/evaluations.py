"""A person, a rule and evaluations, as the scenarios of a verification need them."""

import time
import uuid
from datetime import datetime, timedelta
from typing import Any

from rules.evaluation.dispatcher import dispatch
from rules.models import AutomationRule, DispatchRun
from smartagent.models import User

DISPATCHER_TIMEOUT = 30  # seconds to wait for another dispatcher to end
EVALUATION_INTERVAL = timedelta(minutes=5)


class DispatcherBusy(Exception):
    """Another evaluation has been running all the time. Try again when it has ended."""

    def __str__(self) -> str:
        return str(self.__doc__)


def somebody(name: str) -> User:
    """A person whom nobody knows."""
    return User.objects.create_user(f"verify-{uuid.uuid4().hex[:12]}@example.com", full_name=name)


def rule_of(person: User, metric: str, operator: str, threshold: int, action: str, **fields: Any) -> AutomationRule:
    """A rule of this person."""
    rule: AutomationRule = AutomationRule.objects.create(
        user=person, rule_name=f"{action} if {metric} {operator} {threshold}", metric_type=metric,
        condition_operator=operator, threshold_value=threshold, action_type=action, **{"severity": "high"} | fields,
    )  # fmt: skip
    return rule


def evaluate_rules_of(person: User, now: datetime) -> DispatchRun:
    """Evaluate the person's rules as of `now`."""
    until = time.monotonic() + DISPATCHER_TIMEOUT
    while True:
        run = dispatch(now, DispatchRun.Trigger.COMMAND, owner=person.pk)
        if run.outcome != DispatchRun.Outcome.OVERLAPPED:
            return run
        if time.monotonic() > until:
            raise DispatcherBusy
        time.sleep(0.5)
