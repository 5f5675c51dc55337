"""Python, SQL and the ORM mean the same by a rule that is in force, evaluated, and acting."""

from datetime import UTC, datetime
from itertools import product

import pytest
from django.db import connection

from rules.engine import evaluated_rules
from rules.engine.evaluated_rules import (
    ACTING_SQL,
    COMPLETE,
    COMPLETE_SQL,
    EVALUATED,
    EVALUATED_SQL,
    IN_FORCE,
    IN_FORCE_SQL,
    acting,
)
from rules.models import AutomationRule
from tests.rules.rule_cast import rule_of

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


@pytest.fixture
def every(db, django_user_model):
    """A rule of each status, in the recycle bin and not, of an owner who may sign in and of one who may not."""
    owners = [
        django_user_model.objects.create_user("alice@example.com"),
        django_user_model.objects.create_user("gone@example.com", is_active=False),
    ]
    for owner, status, deleted_at in product(owners, AutomationRule.Status.values, (None, NOW)):
        rule_of(owner, rule_name=f"{owner} {status} {deleted_at}", status=status, deleted_at=deleted_at)
    return list(AutomationRule._base_manager.select_related("user"))


def by_sql(words: str) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT r.rule_name FROM automation_rules r JOIN smartagent_users o ON o.id = r.user_id WHERE {words}"
        )
        return {name for (name,) in cursor.fetchall()}


@pytest.mark.parametrize(
    ("python", "sql", "q", "count"),
    [
        ("is_in_force", IN_FORCE_SQL, IN_FORCE, 4),
        ("is_complete", COMPLETE_SQL, COMPLETE, 16),
        ("is_evaluated", EVALUATED_SQL, EVALUATED, 2),
        ("is_acting", ACTING_SQL, acting(), 1),
    ],
)
def test_all_three_mean_the_same(every, python, sql, q, count):
    requested = getattr(evaluated_rules, python)
    found = {rule.rule_name for rule in every if requested(rule)}
    assert by_sql(sql) == found
    assert set(AutomationRule._base_manager.filter(q).values_list("rule_name", flat=True)) == found
    assert len(found) == count
