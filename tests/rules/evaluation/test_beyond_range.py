"""A reading that no number of 64 bits can hold is no data for its person, and everything says why."""

import json

import pytest
from django.db import connection
from django.urls import reverse

from notifications.models import Notification
from rules.evaluation.dispatcher import dispatch
from rules.explain.decisions import reasons_of
from rules.explain.evidence import evidence_for
from rules.metrics.integration_health import IntegrationHealth
from rules.models import ActivityEntry, FusionScore, MetricSample, RuleState
from rules.pages.rule.current_reading import reading_of
from rules.text.activity import named_entries
from tests.rules.evaluation.test_dispatcher import minutes, rule_of

pytestmark = pytest.mark.django_db(transaction=True)
WHY = "the latest reading is beyond the range of numbers"


@pytest.fixture(params=["1e400", "-1e400", "NaN", "Infinity"])
def _too_large(request, alice, bob, now):
    """The newest score of Alice, as another application can write it."""
    score = FusionScore.objects.create(user=alice, fusion_score=60, calculated_at=now - minutes(1))
    FusionScore.objects.create(user=bob, fusion_score=60, calculated_at=now - minutes(1))
    with connection.cursor() as cursor:
        cursor.execute("UPDATE fusion_scores SET fusion_score = %s::numeric WHERE id = %s", [request.param, score.pk])


@pytest.mark.usefixtures("_too_large")
def test_entry_instance_preview_and_explanation_say_why_there_is_no_data(client_of, alice, bob, now):
    rule = rule_of(alice, "fusion_score", "<", 70, "alert", no_data_policy="ok")
    rule_of(bob, "fusion_score", "<", 70, "alert")
    run = dispatch(now, "command")
    assert (run.outcome, run.triggered, run.no_data) == ("completed", 1, 1)
    (entry,) = named_entries(list(ActivityEntry.objects.filter(rule=rule)))
    assert entry.sentence.endswith(f"has no usable reading. {WHY.capitalize()}.")
    state = RuleState.objects.get(rule=rule)
    assert (state.condition, state.reason) == ("no_data", f"no data: {WHY}")
    assert (
        f"Reason: no data: {WHY}."
        in client_of(alice).get(reverse("admin:rules_rulestate_change", args=[state.pk]), follow=True).content.decode()
    )
    assert WHY in reading_of(rule, now).sentence
    assert reasons_of(evidence_for(entry, ActivityEntry.objects.all()))


@pytest.mark.usefixtures("_too_large")
def test_a_rule_that_fires_on_no_data_says_so_in_its_message(alice, now):
    rule_of(alice, "fusion_score", "<", 70, "alert", no_data_policy="fire")
    dispatch(now, "command")
    message = Notification.objects.get(user=alice).message
    assert message == f"The fusion score has no data; the rule fires then. {WHY.capitalize()}."


@pytest.mark.usefixtures("_too_large")
def test_one_of_several_conditions(alice, now):
    more = [{"metric": "fusion_score", "operator": "<", "threshold": 4}]
    MetricSample.objects.push(user=alice, metric="cpu", value=95, observed_at=now)
    rule = rule_of(alice, "cpu", ">", 90, "alert", more_conditions=more)
    dispatch(now, "command")
    assert RuleState.objects.get(rule=rule).reason == f"no data: {WHY}"
    assert f"{WHY.capitalize()}." in reading_of(rule, now).sentence


def test_a_person_without_a_reading_gets_no_such_reason(alice, now):
    rule = rule_of(alice, "fusion_score", "<", 70, "alert")
    dispatch(now, "command")
    assert RuleState.objects.get(rule=rule).reason == "no data"
    assert WHY not in reading_of(rule, now).sentence


@pytest.mark.parametrize("status", ["", "abc", "1e400", "NaN", "ACTIVE"])
def test_a_status_that_nobody_knows_is_a_health_of_nothing_for_that_integration_alone(alice, bob, now, status):
    with connection.cursor() as cursor:
        for user, value in ((alice, status), (bob, "active")):
            cursor.execute(
                "INSERT INTO integrations (user_id, integration_type, status) VALUES (%s, 'gmail', %s)",
                [user.pk, value],
            )
        query = IntegrationHealth().readings(now)
        cursor.execute(query.sql, query.params)
        health = {(user, target): value for user, target, value, _ in cursor.fetchall()}
    assert health[alice.pk, "gmail"] == 0
    assert health[bob.pk, "gmail"] == 100


@pytest.mark.parametrize("wrong", ['"1e400"', "1e400", '""', '"abc"', '"NaN"', "null", "[1]", "-1e400", "1e-400"])
@pytest.mark.parametrize("field", ["threshold", "window"])
def test_a_condition_as_json_that_cannot_be_read_fails_alone(alice, bob, now, field, wrong):
    MetricSample.objects.push(user=None, metric="cpu", value=95, observed_at=now)
    bad = rule_of(alice, "cpu", ">", 90, "log", more_conditions=[{"metric": "cpu", "operator": ">", "threshold": 1}])
    good = rule_of(bob, "cpu", ">", 90, "log", more_conditions=[{"metric": "cpu", "operator": ">", "threshold": 1}])
    condition = {"metric": "cpu", "operator": ">", "threshold": 1, "reducer": "max", "window": 600}
    text = json.dumps([condition | {field: "HERE"}]).replace('"HERE"', wrong)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE automation_rules SET more_conditions = %s::jsonb WHERE id = %s", [text, bad.pk])
    run = dispatch(now, "command")
    assert run.outcome == "completed"
    assert RuleState.objects.get(rule=good).condition == "firing"
