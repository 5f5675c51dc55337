"""The SQL that leaves instances out knows what the state machine does: it leaves out none that would take a step."""

import random
from datetime import timedelta

import pytest
from django.db import connection

from rules.engine.state_machine import step
from rules.engine.states import InstanceState, Observation, StateRecord, Timing, Verdict
from rules.evaluation.candidates import MAY_CHANGE
from rules.models import AutomationRule, RuleState

HOUR = timedelta(hours=1)
CASES = 40_000
BOTH = [True, False]
A, B = "00000000-0000-0000-0000-00000000000a", "00000000-0000-0000-0000-00000000000b"


def cases(now):
    """Random instances, what is seen of them and how their rules treat time."""
    chance = random.Random(4)
    times = [None, now - 5 * HOUR, now - HOUR, now, now + HOUR / 2]
    later = [None, now - HOUR, now, now + HOUR]
    waits = [timedelta(0), HOUR, 4 * HOUR]
    policies = AutomationRule.NoDataPolicy.values
    columns = {
        "verdict": ("text", Verdict.values), "condition": ("text", InstanceState.values), "worsens": ("bool", BOTH),
        "reason": ("text", ["", "down", "refused"]),
        "since": ("timestamptz", [now - 6 * HOUR, now - HOUR, now, now + 9 * HOUR]),
        "fired_at": ("timestamptz", [None, now - 6 * HOUR]), "handling": ("text", RuleState.Handling.values),
        "handled_until": ("timestamptz", later), "last_notified_at": ("timestamptz", times),
        "retry_at": ("timestamptz", later), "silence_id": ("uuid", [None, A]), "silencing_id": ("uuid", [None, A, B]),
        "was_critical": ("bool", BOTH), "repeat_every": ("interval", waits), "no_data_policy": ("text", policies),
        "error_policy": ("text", policies), "pending_for": ("interval", waits), "keep_firing_for": ("interval", waits),
        "draft": ("bool", [False, False, True]),
    }  # fmt: skip
    rows = [{name: chance.choice(some) for name, (_, some) in columns.items()} for _ in range(CASES)]
    return {name: kind for name, (kind, _) in columns.items()}, rows


def steps_of(row, now):
    state = StateRecord(
        condition=row["condition"], reason=row["reason"], since=row["since"], episode=1, fired_at=row["fired_at"],
        last_acted=row["last_notified_at"], retry_at=row["retry_at"], handling=row["handling"],
        handled_until=row["handled_until"], silence=row["silence_id"] or "", critical=row["was_critical"],
    )  # fmt: skip
    observation = Observation(row["verdict"], "down", row["worsens"], row["silencing_id"] or "", "silenced")
    timing = Timing(
        row["repeat_every"], row["no_data_policy"], row["error_policy"], row["pending_for"], row["keep_firing_for"],
        draft=row["draft"],
    )  # fmt: skip
    return step(state, observation, timing, now)


@pytest.mark.django_db
def test_every_instance_that_takes_a_step_is_a_candidate_and_hardly_any_other(now):
    columns, rows = cases(now)
    unnested = ", ".join(f"unnest(%s::{kind}[]) AS {name}" for name, kind in columns.items())
    values = [[row[name] for row in rows] for name in columns]
    with connection.cursor() as cursor:
        sql = f"""SELECT n - 1 FROM (SELECT row_number() OVER () AS n, 'down' AS cause, * FROM (SELECT {unnested}) AS c)
                      AS cases WHERE {MAY_CHANGE.replace("%(now)s", "%s")}"""
        cursor.execute(sql, [*values, *[now] * MAY_CHANGE.count("%(now)s")])
        candidates = {n for (n,) in cursor.fetchall()}
    steps = {n for n, row in enumerate(rows) if steps_of(row, now)}
    assert steps - candidates == set()
    assert len(candidates - steps) < CASES / 50  # such as an error that is only worded otherwise
