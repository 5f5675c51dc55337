"""Leaving out quiet rules changes no decision: the same instances may change as where all rules are examined."""

import random
from datetime import timedelta

import pytest
from django.db import connection, transaction

from rules.engine.conditions import Operator
from rules.evaluation.candidates import find_candidates, only
from rules.evaluation.dispatcher import dispatch
from rules.evaluation.quiet_rules import gather_examined
from rules.evaluation.readings import forget, gather
from rules.evaluation.series.selection import select_series
from rules.models import AutomationRule, FusionScore, Integration, MetricSample
from rules.silences.coverage import begin_silenced

MINUTE = timedelta(minutes=1)
RULES, EVALUATIONS = 80, 4
METRICS = ["cpu", "load", "disk", "fusion_score", "integration_health", "anomaly_count"]
FOUND = "SELECT rule_id, subject_id, target, verdict, cause, value, observed_at, condition FROM eval_candidates"
VALUES = [30.0, 40.0, 50.0, 60.0, float("inf"), float("-inf"), float("nan")]


def make_rules(chance, people):
    """Random rules, most of them simple ones of their owners."""
    further = [{"metric": "load", "operator": ">", "threshold": 45}]
    for n in range(RULES):
        AutomationRule.objects.create(
            user=chance.choice(people), rule_name=f"Rule {n}", metric_type=chance.choice(METRICS),
            condition_operator=chance.choice(Operator.values), action_type="log",
            threshold_value=chance.choice([40, 50, 55, 70]), recovery_threshold=chance.choice([None, None, 45]),
            target_integration=chance.choice([None, None, "", "slack"]), critical_threshold=chance.choice([None, 60]),
            applies_to=chance.choice(["owner"] * 5 + ["everyone"]), no_data_policy=chance.choice(["keep", "fire"]),
            pending_for=chance.choice([0, 0, 7]) * MINUTE, keep_firing_for=chance.choice([0, 7]) * MINUTE,
            reducer=chance.choice(["last"] * 8 + ["max"]), evaluation_window=10 * MINUTE,
            more_conditions=chance.choice([[]] * 8 + [further]),
            status=chance.choice(["active"] * 6 + ["draft", "paused"]),
            series_mode=chance.choice(["one"] * 12 + ["each"]),
        )  # fmt: skip


def bring_readings(chance, people, now):
    """Samples of people and of the platform, some old, late or beyond the range; scores and states of integrations."""
    series = {
        (chance.choice([*people, None]), chance.choice(METRICS[:3]), chance.choice(["", "slack"])) for _ in range(6)
    }
    MetricSample.objects.push_all(
        {
            "user": user, "metric": metric, "target": target, "value": chance.choice(VALUES),
            "observed_at": now + chance.choice([-2000, -3, -1, 0, 1]) * MINUTE,
        }
        for user, metric, target in series
    )  # fmt: skip
    FusionScore.objects.create(user=chance.choice(people), fusion_score=chance.choice([30, 50, 60]), calculated_at=now)
    Integration.objects.update_or_create(
        user=chance.choice(people), integration_type="slack",
        defaults={"status": chance.choice(Integration.Status.values)},
    )  # fmt: skip


def candidates(now, everything):
    """The instances that may change, of all rules or without the quiet ones; and how many rules were examined."""
    with transaction.atomic(), connection.cursor() as cursor:
        if everything:
            gather(now)
            cursor.execute("CREATE TEMP TABLE eval_examined AS SELECT id AS rule_id FROM automation_rules")
        else:
            gather_examined(now, *only(None, None))
        begin_silenced()
        find_candidates(now, None, None, series=select_series(now, *only(None, None), []))
        cursor.execute(FOUND)
        found = set(cursor.fetchall())
        cursor.execute("SELECT count(DISTINCT rule_id) FROM eval_examined")
        (examined,) = cursor.fetchone()
        transaction.set_rollback(True)
    return found, examined


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(2))
def test_the_same_instances_may_change(alice, bob, now, seed):
    chance, people = random.Random(seed), [alice, bob]
    alice.is_superuser = True
    alice.save()
    make_rules(chance, people)
    left_out = 0
    for number in range(EVALUATIONS):
        at = now + 5 * number * MINUTE
        bring_readings(chance, people, at)
        expected, all_rules = candidates(at, True)
        found, examined = candidates(at, False)
        assert found == expected
        left_out += all_rules - examined
        dispatch(at, "command")
    assert left_out > EVALUATIONS
    forget()
