"""What is the case now, read from the database when Prometheus asks: a few statements, each of which may fail alone.

All the time that they have together is less than Prometheus waits by default (10 seconds).
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
import structlog
from django.apps import apps
from django.conf import settings
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from notifications.registries import channels
from rules.engine.states import InstanceState
from smartagent.kernel.replica import is_configured, replica_state
from smartagent.monitoring import database_queries as sql
from smartagent.setup.task_broker import tasks_queued

log = structlog.get_logger(__name__)
SECONDS_TOGETHER = 5.0
Connection = psycopg.Connection[Any]


@dataclass(frozen=True, slots=True)
class Gauge:
    """One gauge of a reading."""

    name: str
    documentation: str


@dataclass(frozen=True, slots=True)
class Reading:
    """One statement. The first columns of its rows are labels, the others one gauge each; NULL is left out."""

    name: str
    statement: str
    gauges: Sequence[Gauge]
    labels: Sequence[str] = ()


READINGS = (
    Reading("evaluation", sql.EVALUATION, [
        Gauge("smartagent_last_evaluation_age_seconds", "Time since the last scheduled evaluation ended."),
        Gauge("smartagent_last_evaluation_success", "Whether the last scheduled evaluation was completed."),
        Gauge("smartagent_last_evaluation_duration_seconds", "Duration of the last scheduled evaluation."),
        Gauge("smartagent_last_evaluation_lag_seconds",
              "Delay of the start of the last scheduled evaluation; 0 up to half an interval."),
        Gauge("smartagent_last_evaluation_rules", "Rules in the last scheduled evaluation."),
        Gauge("smartagent_last_evaluation_instances", "Instances in the last scheduled evaluation."),
    ]),
    Reading("instances", sql.INSTANCES, [
        Gauge("smartagent_instances", "Instances by state; those that have always been ok are not counted."),
    ], ["state"]),
    Reading("actions", sql.ACTIONS, [
        Gauge("smartagent_actions_pending", "Actions of rules that wait for their execution."),
    ]),
    Reading("tasks", sql.TASKS, [
        Gauge("smartagent_tasks_queued", "Tasks in the queue of the workers."),
        Gauge("smartagent_oldest_due_task_age_seconds", "How long the oldest due task has been waiting for a worker."),
    ]),
    Reading("deliveries", sql.DELIVERIES, [
        Gauge("smartagent_deliveries_open", "Deliveries that are not settled, by status."),
    ], ["status"]),
    Reading("oldest_delivery", sql.OLDEST_DELIVERY, [
        Gauge("smartagent_oldest_due_delivery_age_seconds",
              "How long the oldest delivery by a working channel has been due."),
    ]),
    Reading("channels", sql.CHANNELS, [
        Gauge("smartagent_channels", "Channels by kind and state; open is an open circuit breaker."),
    ], ["channel", "state"]),
    Reading("data_sources", sql.DATA_SOURCES, [
        Gauge("smartagent_data_sources", "Data sources in use, by the age of their last answer."),
    ], ["last_answer"]),
    Reading("connections", sql.CONNECTIONS, [
        Gauge("smartagent_database_connections", "Connections to the database, by state."),
    ], ["state"]),
    Reading("server", sql.SERVER, [
        Gauge("smartagent_database_max_connections", "Connections that the server of the database allows."),
        Gauge("smartagent_database_size_bytes", "Size of the database."),
    ]),
    Reading("tables", sql.TABLES, [
        Gauge("smartagent_table_size_bytes", "Size of a table with its indexes and partitions."),
        Gauge("smartagent_table_estimated_rows", "Rows of a table, as the database last estimated."),
    ], ["table"]),
)  # fmt: skip


class DatabaseCollector(Collector):
    """The gauges of the database; `opened` is None where it does not answer."""

    def __init__(self, opened: Connection | None) -> None:
        self.opened = opened

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Read everything. What cannot be read is left out, and named."""
        yield GaugeMetricFamily(
            "smartagent_database_up", "Whether the database answers.", value=int(self.opened is not None)
        )
        yield GaugeMetricFamily(
            "smartagent_evaluation_interval_seconds", "Time between two scheduled evaluations, as configured.",
            value=settings.EVALUATE_EVERY_SECONDS,
        )  # fmt: skip
        if is_configured():
            yield from _replica()
        read = GaugeMetricFamily(
            "smartagent_database_reading_success", "Whether a reading of the database was answered in time.",
            labels=["reading"],
        )  # fmt: skip
        until = time.monotonic() + SECONDS_TOGETHER
        for reading in READINGS if self.opened else ():
            rows = self._rows(reading) if time.monotonic() < until else None
            read.add_metric([reading.name], int(rows is not None))
            yield from _families(reading, rows or [])
        yield read

    def _rows(self, reading: Reading) -> list[tuple[Any, ...]] | None:
        if self.opened is None:
            return None
        try:
            with self.opened.transaction():
                rows = self.opened.execute(reading.statement, _parameters()).fetchall()
            return [(tasks_queued(), *row[1:]) for row in rows] if reading.name == "tasks" else rows
        except psycopg.Error as error:
            log.warning("a reading for Prometheus failed", reading=reading.name, cause=type(error).__name__)
            return None


def _replica() -> Iterator[GaugeMetricFamily]:
    state = replica_state()
    yield GaugeMetricFamily("smartagent_replica_usable", "Whether pages are read from the replica of the database.",
                            value=int(state.usable))  # fmt: skip
    if state.lag is not None:
        yield GaugeMetricFamily("smartagent_replica_lag_seconds", "How far the replica of the database is behind.",
                                value=state.lag)  # fmt: skip


def _parameters() -> dict[str, Any]:
    return {
        "states": [str(state) for state in InstanceState.values],
        "kinds": [channel.kind for channel in channels],
        "tables": [model._meta.db_table for model in apps.get_models(include_auto_created=True)],
    }


def _families(reading: Reading, rows: Sequence[tuple[Any, ...]]) -> Iterator[GaugeMetricFamily]:
    for number, gauge in enumerate(reading.gauges, len(reading.labels)):
        family = GaugeMetricFamily(gauge.name, gauge.documentation, labels=reading.labels)
        for row in rows:
            if row[number] is not None:
                family.add_metric([str(label) for label in row[: len(reading.labels)]], float(row[number]))
        yield family
