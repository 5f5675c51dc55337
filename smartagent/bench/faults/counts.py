"""What was lost and what was doubled, counted in the database and at the receivers."""

import time
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import psycopg

from smartagent.bench.faults.load import SAMPLE_METRIC

RUNS = """SELECT started_at, finished_at FROM dispatch_runs
           WHERE outcome = 'completed' AND trigger = 'schedule' AND started_at >= %s AND started_at < %s
           ORDER BY started_at"""
RUNNING = "SELECT count(*) FROM dispatch_runs WHERE finished_at IS NULL"
TWICE_IN_A_RUN = """
SELECT coalesce(sum(n - 1), 0) FROM (
    SELECT count(*) AS n FROM agent_activity_log
     WHERE run_id IS NOT NULL AND state_id IS NOT NULL AND action_taken = 'alert'
     GROUP BY run_id, state_id HAVING count(*) > 1) AS each"""
LEFT_PENDING = "SELECT count(*) FROM agent_activity_log WHERE status = 'pending' AND run_id IS NOT NULL"
# An action that succeeded has one notification of its rule.
ACTED, NOTIFIED = (
    """SELECT rule_id, count(*) FROM agent_activity_log WHERE run_id IS NOT NULL AND status = 'success'
          AND action_taken = 'alert' GROUP BY 1""",
    "SELECT rule_id, count(*) FROM notifications WHERE rule_id IS NOT NULL GROUP BY 1",
)
# And a notification has one delivery by the one webhook of its person.
DELIVERIES = "SELECT id::text, notification_id, status FROM deliveries WHERE kind = 'webhook'"
NOTIFICATIONS = "SELECT id FROM notifications WHERE rule_id IS NOT NULL"
UNSETTLED = """SELECT count(*) FROM deliveries
                WHERE created_at >= %s AND created_at < %s AND status IN ('waiting', 'held', 'due', 'sending')"""
STORED = """SELECT m.value::bigint, count(*) FROM metric_samples m JOIN metric_series s ON s.id = m.series_id
             WHERE s.metric = %s GROUP BY 1"""
WAIT_SECONDS, LOOK_SECONDS = 60.0, 0.25
OVER = ("delivered", "bundled", "skipped")
TO_COME = ("waiting", "held", "due", "sending")


@dataclass(frozen=True, kw_only=True)
class Counts:
    """Of the time of one fault. `repeated` deliveries reached the receiver twice with one id, `waiting` ones are due
    again later."""

    evaluations_missed: int = 0
    evaluations_doubled: int = 0
    actions_lost: int = 0
    actions_doubled: int = 0
    notifications_lost: int = 0
    notifications_doubled: int = 0
    deliveries_lost: int = 0
    deliveries_doubled: int = 0
    deliveries_repeated: int = 0
    deliveries_waiting: int = 0
    samples_lost: int = 0
    samples_doubled: int = 0

    @property
    def lost(self) -> int:
        return self.actions_lost + self.notifications_lost + self.deliveries_lost + self.samples_lost

    @property
    def doubled(self) -> int:
        return self.actions_doubled + self.notifications_doubled + self.deliveries_doubled + self.samples_doubled

    def since(self, before: "Counts") -> "Counts":
        """What was counted after `before`; what waits, and the evaluations, are those of the time itself."""
        own = ("evaluations_missed", "evaluations_doubled", "deliveries_waiting")
        earlier = asdict(before)
        return Counts(**{
            name: number if name in own else number - earlier[name] for name, number in asdict(self).items()
        })  # fmt: skip


def count_runs(
    connection: "psycopg.Connection[Any]",
    since: datetime,
    until: datetime,
    every: int,
    excused: tuple[datetime, datetime],
) -> tuple[int, int]:
    """How many scheduled evaluations are missing between others, but for the `excused` time, and how many overlap."""
    runs = [(start, end) for start, end in connection.execute(RUNS, [since, until])]
    interval = timedelta(seconds=every)
    missed = 0
    for (before, _), (after, _) in pairwise(runs):
        skipped = round((after - before) / interval) - 1
        missed += sum(not excused[0] <= before + interval * place <= excused[1] for place in range(1, skipped + 1))
    doubled = sum(after < end for (_, end), (after, _) in pairwise(runs) if end)
    return missed, doubled


@contextmanager
def between_evaluations(connection: "psycopg.Connection[Any]") -> Iterator[None]:
    """See the database in the block as it is while no evaluation runs: all that was decided is done."""
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    until = time.monotonic() + WAIT_SECONDS
    while True:
        with connection.transaction():
            if not _number(connection, RUNNING) or time.monotonic() > until:
                yield
                return
        time.sleep(LOOK_SECONDS)


def count_actions(connection: "psycopg.Connection[Any]") -> dict[str, int]:
    """Actions since the beginning, and the notifications that they led to."""
    acted, notified = dict(connection.execute(ACTED)), dict(connection.execute(NOTIFIED))
    differences = [acted.get(rule, 0) - notified.get(rule, 0) for rule in acted.keys() | notified.keys()]
    return {
        "actions_lost": _number(connection, LEFT_PENDING),
        "actions_doubled": _number(connection, TWICE_IN_A_RUN),
        "notifications_lost": sum(each for each in differences if each > 0),
        "notifications_doubled": -sum(each for each in differences if each < 0),
    }


def count_deliveries(connection: "psycopg.Connection[Any]", received: Mapping[str, int]) -> dict[str, int]:
    """Deliveries since the beginning, and what of them arrived."""
    rows = connection.execute(DELIVERIES).fetchall()
    notifications = {key for (key,) in connection.execute(NOTIFICATIONS)}
    each = Counter(notification for _, notification, _ in rows)
    missing = sum(
        status not in (*OVER, *TO_COME) or (status == "delivered" and not received.get(key)) for key, _, status in rows
    )
    return {
        "deliveries_lost": missing + len(notifications - each.keys()),
        "deliveries_waiting": sum(status in TO_COME for _, _, status in rows),
        "deliveries_doubled": sum(times - 1 for times in each.values()),
        "deliveries_repeated": sum(max(received.get(key, 0) - 1, 0) for key, _, _ in rows),
    }


def count_samples(connection: "psycopg.Connection[Any]", acknowledged: Collection[int]) -> dict[str, int]:
    """Samples that were acknowledged, and are not stored, or stored twice; of the whole run."""
    stored = dict(connection.execute(STORED, [SAMPLE_METRIC]))
    return {
        "samples_lost": sum(each not in stored for each in acknowledged),
        "samples_doubled": sum(times - 1 for times in stored.values()),
    }


def unsettled(connection: "psycopg.Connection[Any]", since: datetime, until: datetime) -> int:
    """How many deliveries have no outcome yet."""
    return _number(connection, UNSETTLED, [since, until])


def _number(connection: "psycopg.Connection[Any]", statement: str, values: Sequence[Any] = ()) -> int:
    row = connection.execute(statement, values).fetchone()
    return int(row[0]) if row else 0
