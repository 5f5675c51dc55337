"""A test-fire: the action of a rule is run for real, marked as a test. The state of the rule is not touched."""

from datetime import datetime
from typing import Any
from uuid import uuid4

from django.db import transaction

from rules.actions import Firing, Outcome
from rules.evaluation.execution import act
from rules.evaluation.preview import preview
from rules.models import ActivityEntry, AutomationRule
from rules.text.reading import aggregation_of
from smartagent.kernel.member_role import as_owner

TEST_EVENT = "rule_test"


@as_owner()
def test_fire(rule: AutomationRule, user: Any, now: datetime) -> ActivityEntry:
    """Run the action of `rule`, whatever its status, by the code of a real firing, and store the result. The reading is
    the owner's at `now`; without one, the threshold."""
    seen = preview(rule, now)
    value = float(rule.threshold_value) if seen.value is None else seen.value
    with transaction.atomic():
        firing = Firing(
            entry_id=uuid4(), event=TEST_EVENT, rule_id=rule.pk, rule_name=rule.rule_name, owner_id=rule.user_id,
            subject_id=rule.user_id, subject_name=str(rule.user), target=seen.target or rule.target_integration or "",
            metric=rule.metric_type, value=value, operator=rule.condition_operator,
            threshold=float(rule.threshold_value), severity=rule.severity, config=_config(rule), fired_at=now, now=now,
            conditions=tuple(seen.conditions or ()), series_aggregate=aggregation_of(rule).of_group,
        )  # fmt: skip
        outcome: Outcome = act(rule.action_type, [firing])[0]
        return ActivityEntry.objects.create(
            id=firing.entry_id, user=rule.user, rule=rule, agent_name="person", event_type=TEST_EVENT,
            action_taken=rule.action_type, context=_context(rule, firing, outcome, user),
            status="failed" if outcome.error else "success", error_message=outcome.error, created_at=now,
            executed_at=now,
        )  # fmt: skip


test_fire.__test__ = False  # type: ignore[attr-defined]  # pytest is not to collect it


def _config(rule: AutomationRule) -> dict[str, Any]:
    return dict(rule.action_config) if isinstance(rule.action_config, dict) else {}


def _version(rule: AutomationRule) -> Any:
    return rule.history.order_by("-history_id").values_list("history_id", flat=True).first()


def _context(rule: AutomationRule, firing: Firing, outcome: Outcome, user: Any) -> dict[str, Any]:
    return {
        "test": True, "rule_name": rule.rule_name, "rule_version": _version(rule), "metric": firing.metric,
        "value": firing.value,
        "threshold": firing.threshold, "operator": firing.operator, "target": firing.target,
        "severity": firing.severity, "person": str(firing.subject_id), "by": str(user.pk), "by_name": str(user),
        "outcome": outcome.detail,
    } | _read(firing)  # fmt: skip


def _read(firing: Firing) -> dict[str, Any]:
    """The facts of what was read, where it is not simply a reading."""
    found = {"conditions": list(firing.conditions), "series_aggregate": firing.series_aggregate}
    return {name: fact for name, fact in found.items() if fact}
