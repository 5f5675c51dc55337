"""fusion_score on the old application's scores: of an integration by its list, of the person by one definition."""

from typing import Any

import pytest
from django.utils import timezone

from rules.evaluation.readings import gather
from rules.models import MetricSample
from tests.legacy.database import Database
from tests.legacy.people import ALICE, BEN
from tests.legacy.shapes import SHAPES
from tests.smartagent.adoption.conftest import Takeover

SHAPE = dict.fromkeys(SHAPES, "none") | {"fusion_scores": "usual"}
SLACK, GMAIL = "bbbbbbbb-0000-0000-0000-000000000001", "bbbbbbbb-0000-0000-0000-000000000002"
MASTER = f"""DELETE FROM fusion_scores; DELETE FROM fusion_score_history; DELETE FROM integrations_master;
    ALTER TABLE integrations_master ADD integration_type text;
    INSERT INTO integrations_master (id, integration_type) VALUES ('{SLACK}', 'slack'), ('{GMAIL}', 'gmail')"""
SCORES = f"""INSERT INTO fusion_scores (user_id, integration_id, fusion_score, calculated_at)
    VALUES ('{ALICE}', '{SLACK}', 40, now()), ('{ALICE}', '{GMAIL}', 80, now()),
           ('{BEN}', '{GMAIL}', 10, now()), ('{BEN}', NULL, 90, now() - interval '1 hour')"""


@pytest.fixture
def database(takeover: Takeover) -> Database:
    database = Database(takeover, shapes=SHAPE)
    database.sql(f"{MASTER}; {SCORES}")
    takeover.forwards()
    return database


def readings(database: Database) -> dict[tuple[str, str], float]:
    gather(timezone.now())
    rows: list[Any] = database.sql("SELECT user_id, target, value FROM eval_readings WHERE metric = 'fusion_score'")
    assert database.sql("SELECT * FROM eval_failures") == []
    return {(str(person), target): value for person, target, value in rows}


def test_the_score_of_an_integration_and_of_the_person(database: Database) -> None:
    assert readings(database) == {
        (ALICE, ""): 60, (ALICE, "slack"): 40, (ALICE, "gmail"): 80, (BEN, ""): 90, (BEN, "gmail"): 10,
    }  # fmt: skip


def test_the_list_of_integrations_may_be_absent_and_come_later(database: Database) -> None:
    database.sql("ALTER TABLE integrations_master RENAME TO away")
    assert readings(database)[ALICE, ""] == 60
    assert readings(database)[ALICE, SLACK] == 40
    database.sql("ALTER TABLE away RENAME TO integrations_master")
    assert readings(database)[ALICE, "slack"] == 40


def test_of_equally_old_scores_the_same_counts_at_each_evaluation(database: Database) -> None:
    database.sql("ALTER TABLE fusion_scores DROP CONSTRAINT fusion_scores_user_id_integration_id_key")
    database.sql(f"""INSERT INTO fusion_scores (id, user_id, integration_id, fusion_score, calculated_at, updated_at)
        SELECT gen_random_uuid(), '{ALICE}', '{SLACK}', n, calculated_at, '2020-01-01'
          FROM fusion_scores, generate_series(1, 20) n WHERE user_id = '{ALICE}' AND integration_id = '{SLACK}'""")
    assert {readings(database)[ALICE, "slack"] for _ in range(3)} == {40}


def test_the_history_is_of_the_same_definition(database: Database) -> None:
    kept = MetricSample.objects.filter(series__user=ALICE).values_list("series__target", "value")
    assert sorted(set(kept)) == [("", 60.0), ("gmail", 80.0), ("slack", 40.0)]
    assert set(MetricSample.objects.filter(series__user=BEN, series__target="").values_list("value", flat=True)) == {
        90.0
    }
    database.as_the_old_application(
        f"UPDATE fusion_scores SET fusion_score = 50, calculated_at = now() WHERE integration_id = '{SLACK}'"
    )
    newest = MetricSample.objects.filter(series__user=ALICE, series__target="").order_by("-observed_at")[0]
    assert newest.value == 65
    assert MetricSample.objects.filter(series__user=ALICE, series__target="slack", value=50).exists()


@pytest.mark.parametrize("kind", ["numeric", "double precision"])
def test_a_score_that_64_bits_cannot_hold_stops_no_takeover_and_no_other_score(takeover: Takeover, kind: str) -> None:
    database = Database(takeover, shapes=SHAPE)
    odd = (
        ["'1e400'", "'-1e400'", "'NaN'", "'1e-400'"] if kind == "numeric" else ["'NaN'", "'inf'", "1.5e308", "-1.5e308"]
    )
    times = [f"now() - {n} * interval '2 days'" for n in (1, 2, 3, 4)]
    rows = ", ".join(f"('{ALICE}', '{SLACK}', {odd[n]}, {times[n]})" for n in range(4))
    for table in ("fusion_scores", "fusion_score_history"):
        database.sql(f"ALTER TABLE {table} ALTER fusion_score TYPE {kind}")
    database.sql(f"{MASTER}; INSERT INTO fusion_score_history VALUES {rows}; {SCORES}")
    takeover.forwards()
    kept = MetricSample.objects.of(ALICE, "fusion_score").filter(value__range=(1, 100))
    assert kept.order_by("-observed_at")[0].value == 60
    for score in odd:
        new = f"('{ALICE}', '{GMAIL}', {score}, now()), ('{ALICE}', NULL, 7, now() + interval '1 second')"
        database.as_the_old_application(f"INSERT INTO fusion_score_history VALUES {new}")
    assert MetricSample.objects.filter(series__user=ALICE, series__target="", value=7).exists()
    assert database.sql("SELECT action_taken FROM agent_activity_log") == []
