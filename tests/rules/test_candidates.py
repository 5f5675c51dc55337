"""The SQL that leaves instances out knows what the state machine does: it leaves out none that would take a step."""

from datetime import timedelta
from itertools import product

import pytest
from django.db import connection

from rules.candidates import MAY_CHANGE
from rules.models import AutomationRule, RuleState
from rules.states import Condition, State, Timing, Verdict, step

HOUR = timedelta(hours=1)
COLUMNS = {
    "n": "int", "verdict": "text", "condition": "text", "reason": "text", "handling": "text",
    "last_notified_at": "timestamptz", "retry_at": "timestamptz", "repeat_every": "interval", "no_data_policy": "text",
}  # fmt: skip


def every_case(now):
    times = [None, now - 5 * HOUR, now]
    return product(
        Verdict.values, Condition.values, ["", "down", "refused"], RuleState.Handling.values, times,
        [None, now - HOUR, now, now + HOUR], [timedelta(0), 4 * HOUR], AutomationRule.NoDataPolicy.values,
    )  # fmt: skip


@pytest.mark.django_db
def test_every_instance_that_takes_a_step_is_a_candidate_and_no_other(now):
    cases = [(n, *case) for n, case in enumerate(every_case(now))]
    columns = ", ".join(f"unnest(%s::{kind}[]) AS {name}" for name, kind in COLUMNS.items())
    cases_sql = f"SELECT {columns}, 'down' AS cause, %s::timestamptz AS since"
    with connection.cursor() as cursor:
        sql = f"SELECT n FROM ({cases_sql}) AS cases WHERE {MAY_CHANGE.replace('%(now)s', '%s')}"
        values = [list(column) for column in zip(*cases, strict=True)]
        cursor.execute(sql, [*values, now - 6 * HOUR, *[now] * MAY_CHANGE.count("%(now)s")])
        candidates = {n for (n,) in cursor.fetchall()}
    steps = set()
    for n, verdict, condition, reason, handling, acted, retry, repeat, policy in cases:
        state = State(condition, reason, now - 6 * HOUR, 1, acted, handling, retry)
        if step(state, verdict, Timing(repeat, policy), now, "down"):
            steps.add(n)
    assert candidates == steps
