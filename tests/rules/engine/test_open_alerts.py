"""Python, SQL and the ORM mean the same by an instance that fires now, and by an alert that is open."""

from datetime import UTC, datetime
from itertools import product

import pytest
from django.db.models.expressions import RawSQL

from rules.engine.open_alerts import FIRES_NOW, FIRING_STATES, OPEN_ALERT, fires_now, fires_now_sql, is_open, open_sql
from rules.engine.states import InstanceState, StateRecord
from rules.models import RuleState
from tests.rules.rule_cast import rule_of, state_of

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


@pytest.fixture
def instances(db, django_user_model):
    """An instance of each state, with and without an episode that has begun."""
    owner = django_user_model.objects.create_user("alice@example.com")
    states = enumerate(product(InstanceState.values, (None, NOW)))
    return [
        state_of(rule_of(owner, rule_name=str(n)), NOW, condition, fired_at=fired_at)
        for n, (condition, fired_at) in states
    ]


def among(**by_name):
    return {name: set(states.values_list("pk", flat=True)) for name, states in by_name.items()}


def by_sql(words: str):
    return RuleState.objects.alias(so=RawSQL(words, [])).filter(so=True)


def test_all_three_mean_the_same_by_what_fires_now(instances):
    table = RuleState._meta.db_table
    found = among(
        q=RuleState.objects.filter(FIRES_NOW), sql=by_sql(fires_now_sql(table)), plain=by_sql(fires_now_sql(""))
    )
    expected = {one.pk for one in instances if fires_now(one.condition)}
    assert found == dict.fromkeys(found, expected)
    assert {one.condition for one in instances if one.pk in expected} == set(FIRING_STATES)


def test_all_three_mean_the_same_by_an_open_alert(instances):
    table = RuleState._meta.db_table
    found = among(q=RuleState.objects.filter(OPEN_ALERT), sql=by_sql(open_sql(table)), plain=by_sql(open_sql("")))
    expected = {one.pk for one in instances if is_open(one.condition, one.fired_at)}
    assert found == dict.fromkeys(found, expected)
    assert {one.condition for one in instances if one.pk in expected} == {*FIRING_STATES, "error"}


@pytest.mark.parametrize("condition", InstanceState.values)
@pytest.mark.parametrize("fired_at", [None, NOW])
def test_the_state_machine_asks_the_same(condition, fired_at):
    assert StateRecord(condition=condition, fired_at=fired_at).fires is is_open(condition, fired_at)
