"""The three rules of a legacy database work as they stand, with the severity that their options name."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone

from notifications.models import Notification
from optimizer.models import OptimizationEvent
from rules.evaluation.dispatcher import dispatch
from rules.models import ActivityEntry, AutomationRule
from tests.databases import copy_of
from tests.legacy.clients import INTERFACE, client
from tests.legacy.database import Database
from tests.legacy.people import ALICE, CAROL
from tests.legacy.test_takeover import MIXTURES, built
from tests.smartagent.adoption.conftest import Legacy, Takeover, run

COLUMNS = "id, user_id, rule_name, metric_type, condition_operator, threshold_value, action_type, action_config"
A, B, C, D, E = (f"bbbbbbbb-0000-0000-0000-00000000000{n}" for n in range(1, 6))
RULES = [
    (A, "fusion_score", "<", 70, "alert", {"severity": "high", "channel": "system"}),
    (B, "anomaly_count", ">", -1, "notify", {"recipients": ["admin"], "priority": "medium"}),
    (C, "efficiency_index", "<", 80, "optimize", {"optimization_type": "auto", "target_metric": "efficiency_index"}),
    (D, "fusion_score", "<", 70, "alert", {"severity": "low"}),
    (E, "fusion_score", "<", 70, "notify", "a text"),
]
THREE = (A, B, C)


def insert(key: str, metric: str, operator: str, threshold: int, action: str, config: Any, owner: str = ALICE) -> str:
    return f"""INSERT INTO automation_rules ({COLUMNS}) VALUES ('{key}', '{owner}', 'Rule {key[-1]}', '{metric}',
                   '{operator}', {threshold}, '{action}', '{json.dumps(config)}')"""


@pytest.fixture(params=[ALICE, CAROL], ids=["of a member", "of an administrator"])
def owner(request: pytest.FixtureRequest, transactional_db: None) -> Iterator[str]:
    """Whose the rules are, in a legacy database that has been taken over."""

    def fill() -> None:
        run("CREATE SCHEMA auth; CREATE SCHEMA legacy; SET search_path TO legacy")
        database: Database = built(Takeover(Legacy()), MIXTURES["the newer scripts"])
        database.takeover.sql(INTERFACE)
        run("DELETE FROM automation_rules")
        run(f"""INSERT INTO fusion_scores (user_id, fusion_score, calculated_at) VALUES ('{CAROL}', 40, now());
                UPDATE fusion_optimization_events SET efficiency_index = 60, created_at = now()""")
        for rule in RULES:
            run(insert(*rule, owner=request.param))
        database.takeover.forwards()

    with copy_of(f"three_{request.param[-1]}", fill):
        run("SET search_path TO legacy")
        yield request.param


def severities() -> dict[str, str]:
    return {str(key): severity for key, severity in AutomationRule.objects.values_list("pk", "severity")}


def test_all_three_succeed_within_the_first_evaluation(owner: str) -> None:
    assert severities() == {A: "high", B: "medium", C: "medium", D: "low", E: "medium"}
    dispatch(timezone.now(), "command")
    entries = ActivityEntry.objects.filter(rule__in=THREE, event_type="rule_fired")
    found = {str(each.rule_id): (each.status, each.error_message) for each in entries}
    assert found == dict.fromkeys(THREE, ("success", None))
    alert = Notification.objects.get(rule=A)
    notify = Notification.objects.get(rule=B, user=owner)
    assert (str(alert.user_id), alert.severity, str(notify.user_id), notify.severity) == (
        owner,
        "high",
        owner,
        "medium",
    )
    assert OptimizationEvent.objects.filter(rule=C).count() == 1


def test_a_severity_follows_what_the_old_application_writes(owner: str) -> None:
    new = "bbbbbbbb-0000-0000-0000-00000000000"
    with client("service_role"):
        run(insert(f"{new}6", "cpu", ">", 1, "alert", {}))
        run(insert(f"{new}7", "cpu", ">", 1, "notify", {"priority": "CRITICAL"}))
        run(f"""UPDATE automation_rules SET action_config = '{{"severity": "critical"}}' WHERE id = '{A}'""")
        run(f"UPDATE automation_rules SET action_config = '[]' WHERE id = '{D}'")
    found = severities()
    assert (found[f"{new}6"], found[f"{new}7"], found[A], found[D]) == ("high", "critical", "critical", "high")


def test_a_severity_chosen_here_stays_until_the_old_application_names_another(owner: str) -> None:
    AutomationRule.objects.filter(pk=A).update(severity="low")
    with client("service_role"):
        run(f"UPDATE automation_rules SET status = 'paused', threshold_value = 60, severity = 'high' WHERE id = '{A}'")
        assert severities()[A] == "low"
        run(f"""UPDATE automation_rules SET action_config = action_config || '{{"severity": "critical"}}'
                 WHERE id = '{A}'""")
    assert severities()[A] == "critical"
