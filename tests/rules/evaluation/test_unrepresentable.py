"""Rules of an older kind, of another application, in the same table: left alone, invisible, never evaluated."""

from datetime import datetime

import pytest
from django.db import connection

from rules.evaluation.dispatcher import dispatch
from rules.models import AutomationRule, RuleState
from smartagent.models import User


@pytest.fixture
def _older_rules(alice: User, now: datetime) -> None:
    columns = ["user_id", "rule_name", "metric_type", "condition_operator", "threshold_value", "action_type"]
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE automation_rules {', '.join(f'ALTER {name} DROP NOT NULL' for name in columns)}")
        cursor.execute("INSERT INTO automation_rules (description) VALUES ('of the older kind')")
        for name in columns:
            known = {"user_id": alice.pk, "rule_name": "half", "metric_type": "anomaly_count",
                     "condition_operator": ">=", "threshold_value": 0, "action_type": "log"}  # fmt: skip
            known[name] = None
            cursor.execute(
                f"INSERT INTO automation_rules ({', '.join(known)}) VALUES ({', '.join(['%s'] * 6)})",
                list(known.values()),
            )


@pytest.mark.usefixtures("_older_rules")
def test_a_rule_that_lacks_what_ours_needs_is_neither_seen_nor_evaluated(alice: User, now: datetime) -> None:
    whole = AutomationRule.objects.create(
        user=alice, rule_name="whole", metric_type="anomaly_count", condition_operator=">=", threshold_value=0,
        action_type="log",
    )  # fmt: skip
    run = dispatch(now, "command")
    assert list(AutomationRule.objects.all()) == [whole]
    assert run.rules_evaluated == 1
    assert [state.rule_id for state in RuleState.objects.all()] == [whole.pk]
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM automation_rules")
        assert cursor.fetchone() == (8,)
