"""The readings of the month, written before the replay; each evaluation sees those up to its own time."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from rules.ingest.storage import Row, store
from smartagent.demo.series import Incident, rhythm
from smartagent.kernel.bulk_copy import copy_rows
from smartagent.models import User

Incidents = dict[UUID, list[Incident]]
PUSHED = {"cpu_percent": (38.0, 14.0, 55.0, 100.0), "latency_ms": (120.0, 35.0, 900.0, 5000.0),
          "queue_depth": (12.0, 7.0, 180.0, 2000.0)}  # fmt: skip
REPORT_TYPE = "engine_report"  # of the efficiency index
SERVERS = 8  # how many people also have a server that pushes samples


def _pull(incidents: list[Incident], at: datetime) -> float:
    return max((incident.pull(at) for incident in incidents), default=0.0)


def write_scores(people: list[User], incidents: Incidents, start: datetime, end: datetime, dice: random.Random) -> int:
    """Write an hourly fusion score for everybody; return the number of rows."""

    def rows() -> Iterator[tuple[Any, ...]]:
        for person in people:
            base = dice.uniform(76, 90)
            for at, value in rhythm(start, end, timedelta(hours=1), base, 4, dice):
                score = max(3.0, min(100.0, value - 45 * _pull(incidents[person.pk], at)))
                yield person.pk, round(score, 1), at, at, at

    columns = ["user_id", "fusion_score", "calculated_at", "created_at", "updated_at"]
    return copy_rows("fusion_scores", columns, ["uuid", "numeric", *["timestamptz"] * 3], _decimal(rows(), 1))


def write_efficiency(
    people: list[User], incidents: Incidents, start: datetime, end: datetime, dice: random.Random
) -> int:
    """Write an efficiency index every three hours, as the fusion engine does; return the number of rows."""

    def rows() -> Iterator[tuple[Any, ...]]:
        for person in people:
            base = dice.uniform(84, 94)
            for at, value in rhythm(start, end, timedelta(hours=3), base, 2, dice):
                index = max(5.0, min(100.0, value - 35 * _pull(incidents[person.pk], at)))
                yield person.pk, round(index, 1), REPORT_TYPE, "recalibrate", "applied", True, at

    columns = [
        "user_id", "efficiency_index", "source_event_type", "optimization_action", "status", "applied", "created_at",
    ]  # fmt: skip
    types = ["uuid", "numeric", "text", "text", "text", "bool", "timestamptz"]
    return copy_rows("fusion_optimization_events", columns, types, _decimal(rows(), 1))


def write_events(people: list[User], incidents: Incidents, start: datetime, end: datetime, dice: random.Random) -> int:
    """Write audit events: routine ones every few hours, errors during incidents; return the number of rows."""

    def rows() -> Iterator[tuple[Any, ...]]:
        for person in people:
            at = start
            while at < end:
                at += timedelta(minutes=dice.expovariate(1 / 150))
                broken = dice.random() < 0.02 + 0.8 * _pull(incidents[person.pk], at)
                kind = (
                    dice.choice(["integration_sync_failed", "score_calculation_failed"]) if broken else "sync_completed"
                )
                severity = dice.choice(["error", "error", "critical"]) if broken else "info"
                message = "The other side answered 503." if broken else "Synchronised."
                yield person.pk, kind, severity, message, Jsonb({"attempt": dice.randint(1, 3)}), at

    columns = ["user_id", "event_type", "severity", "message", "metadata", "created_at"]
    return copy_rows("fusion_audit_log", columns, ["uuid", *["text"] * 3, "jsonb", "timestamptz"], rows())


def write_samples(people: list[User], incidents: Incidents, start: datetime, end: datetime, dice: random.Random) -> int:
    """Write five-minute samples of the servers of SERVERS people; return the number of rows."""

    def rows() -> Iterator[Row]:
        for person in people[:SERVERS]:
            for metric, (base, swing, jump, highest) in PUSHED.items():
                for at, value in rhythm(start, end, timedelta(minutes=5), base, swing, dice):
                    sample = value + dice.gauss(0, swing / 8) + jump * _pull(incidents[person.pk], at)
                    yield person.pk, metric, "", round(max(0.0, min(highest, sample)), 2), at

    return store(rows())


def _decimal(rows: Iterator[tuple[Any, ...]], column: int) -> Iterator[tuple[Any, ...]]:
    """Yield the rows with one column as Decimal, for PostgreSQL's numeric."""
    for row in rows:
        yield (*row[:column], Decimal(str(row[column])), *row[column + 1 :])
